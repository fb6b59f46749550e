//! The audit log as others can check it. Pure values: no AWS, no I/O, no clock; signing is somebody else's.

pub mod key;
pub mod receipt;
