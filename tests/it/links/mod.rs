//! Links, and the clicks on them.

mod blocked;
mod bulk;
mod creation;
mod domains;
mod excluded;
mod life;
mod limits;
mod live;
mod locked;
mod one_click_travels;
mod reports;
mod resumed;
mod ruled;
mod slugs;
mod spool;
mod stats_exact;
mod transfer;
mod visitors;
