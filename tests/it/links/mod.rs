//! Links, and the clicks on them.

mod live;
mod one_click_travels;
mod slugs;
mod spool;
mod stats_exact;
