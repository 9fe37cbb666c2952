//! Read models of links and of the clicks on them.

mod click_count;
mod link_list;

pub(crate) use click_count::ClickCount;
pub(crate) use link_list::LinkList;
