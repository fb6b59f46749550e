//! What is readable without a key because it has to be: the addresses of officers.

use serde::{Deserialize, Deserializer, Serializer};

use crate::sensitive::Sensitive;

pub(super) fn serialize<S: Serializer>(value: &Sensitive<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(value.expose())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sensitive<String>, D::Error> {
    String::deserialize(from).map(Sensitive::new)
}
