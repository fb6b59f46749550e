//! The audit log as others can check it. Pure values: no AWS, no I/O, no clock; signing is somebody else's.
//!
//! A log is an append-only list of leaves, one canonical JSON event each ([`event`]), under an RFC 6962 tree ([`tree`]).
//! It is stored as C2SP tiles ([`tile`], [`edge`]) beside a signed checkpoint ([`checkpoint`], [`note`]).
//! [`proof`] and [`bundle`] show one event to a third party, [`verify`] re-reads everything, [`receipt`] is what a person keeps.
//! [`ocsf`] is an event as a SIEM takes it, [`watch`] finds what is out of the ordinary.

pub mod bundle;
pub mod checkpoint;
pub mod edge;
pub mod event;
pub mod hash;
pub mod key;
pub mod note;
pub mod ocsf;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod watch;
