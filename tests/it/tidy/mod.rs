//! The rules that a program can hold the tree to; each is shown to refuse a sample that breaks it.

mod access;
mod compose;
mod contexts;
mod decisions;
mod documents;
mod manifests;
mod read_models;
mod settings;
mod sources;
mod sql;
mod tree;
