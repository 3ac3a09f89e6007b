//! Checks what lints cannot check: the order of modules, purity, doors, names, sizes. Each rule of the design has one
//! file.

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
