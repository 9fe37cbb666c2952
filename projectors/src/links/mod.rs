//! Read models of links and of the clicks on them.

mod click_count;
mod domain_list;
mod link_list;

pub(crate) use click_count::ClickCount;
pub(crate) use domain_list::DomainList;
pub(crate) use link_list::LinkList;
