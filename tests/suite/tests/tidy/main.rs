//! What lints cannot say: the order of modules, purity, doors, names, sizes. One file for each rule of the design.

#![cfg(test)]

mod commands;
mod doors;
mod exceptions;
mod logs;
mod manifests;
mod modules;
mod order;
mod production;
mod purity;
mod sdks;
mod serialisation;
mod sizes;
mod source;
mod tables;
mod time;
mod types;
mod versions;
