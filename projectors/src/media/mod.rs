//! Read models of assets.

mod asset_list;

pub(crate) use asset_list::AssetList;
