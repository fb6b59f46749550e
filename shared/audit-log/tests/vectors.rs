//! Published vectors: the RFC 6962 tree of the Certificate Transparency test suite, C2SP tile paths, signed notes of the Go project.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

use std::convert::Infallible;

use audit_log::bundle::{Bundle, BundleError};
use audit_log::checkpoint::{Checkpoint, CheckpointError};
use audit_log::edge::Edge;
use audit_log::hash::Hash;
use audit_log::note::{NoteError, Verifier};
use audit_log::proof::{Nodes, holds_consistency, holds_inclusion, prove_consistency, prove_inclusion};
use audit_log::tile::TileName;
use audit_log::tree::Tree;

/// Leaves of the tree that all implementations of RFC 6962 are tested with.
const LEAVES: [&[u8]; 8] = [
    &[],
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

/// The checksum database of the Go project.
const GO_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const GO_CHECKPOINT: &str = "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n\u{2014} sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n";
const NEUMANN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn hash(hex: &str) -> Hash {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).unwrap();
    }
    Hash(bytes)
}

/// All nodes, computed from the definition.
struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let from = usize::try_from(index << level).unwrap();
        Ok(definition(&self.0[from..from + (1 << level)]))
    }
}

/// RFC 6962, 2.1, word for word.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_nothing(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(1 << (many.len() - 1).ilog2());
            Hash::of_children(&definition(left), &definition(right))
        }
    }
}

fn leaf_hashes() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| Hash::of_leaf(leaf)).collect()
}

#[test]
fn the_roots_are_the_published_ones() {
    let mut tree = Tree::default();
    let mut edge = Edge::default();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(tree.root(), hash(root), "size {size}");
        assert_eq!(edge.tree().root(), hash(root), "size {size}");
        if let Some(leaf) = LEAVES.get(size) {
            tree.push(Hash::of_leaf(leaf));
            edge.append([leaf]).unwrap();
        }
    }
}

#[test]
fn the_proofs_are_the_published_ones() {
    let nodes = Leaves(leaf_hashes());
    let inclusions: [(u64, u64, &[&str]); 5] =
        [(0, 1, &[]), (0, 8, &[A, B, C]), (5, 8, &[D, E, ROOTS[4]]), (2, 3, &[ROOTS[2]]), (1, 5, &[ROOTS[1], B, D])];
    for (index, size, path) in inclusions {
        let path: Vec<Hash> = path.iter().map(|node| hash(node)).collect();
        assert_eq!(prove_inclusion(&nodes, index, size).unwrap(), path, "{index} of {size}");
    }
    let consistencies: [(u64, u64, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, ROOTS[4]]), (2, 5, &[B, D])];
    for (earlier, size, path) in consistencies {
        let path: Vec<Hash> = path.iter().map(|node| hash(node)).collect();
        assert_eq!(prove_consistency(&nodes, earlier, size).unwrap(), path, "{earlier} to {size}");
    }
}

#[test]
fn each_proof_holds_and_none_holds_elsewhere() {
    let leaves: Vec<Hash> = (0..70_u8).map(|n| Hash::of_leaf(&[n])).collect();
    let nodes = Leaves(leaves.clone());
    let roots: Vec<Hash> = (0..=70).map(|size| definition(&leaves[..size])).collect();
    for size in 1..=70_u64 {
        let root = &roots[usize::try_from(size).unwrap()];
        for index in 0..size {
            let leaf = &leaves[usize::try_from(index).unwrap()];
            let path = prove_inclusion(&nodes, index, size).unwrap();
            assert!(holds_inclusion(leaf, index, size, &path, root));
            assert!(!holds_inclusion(leaf, index + 1, size, &path, root), "{index} of {size}");
            assert!(!holds_inclusion(leaf, index, size, &path, &roots[0]));
            if let Some((_, short)) = path.split_last() {
                assert!(!holds_inclusion(leaf, index, size, short, root));
            }
            assert!(!holds_inclusion(leaf, index, size, &[path.as_slice(), &[*leaf]].concat(), root));
        }
        for earlier in 0..=size {
            let first = &roots[usize::try_from(earlier).unwrap()];
            let path = prove_consistency(&nodes, earlier, size).unwrap();
            assert!(holds_consistency((earlier, first), (size, root), &path), "{earlier} to {size}");
            if earlier > 0 && earlier < size {
                let other = &roots[usize::try_from(earlier - 1).unwrap()];
                assert!(!holds_consistency((earlier, other), (size, root), &path));
                assert!(!holds_consistency((earlier, first), (size, other), &path));
                assert!(!holds_consistency((earlier, first), (size, root), &path[1..]));
            }
        }
        assert!(prove_inclusion(&nodes, size, size).is_err());
        assert!(prove_consistency(&nodes, size + 1, size).is_err());
    }
}

#[test]
fn tiles_have_the_published_names() {
    let name = |level, index, size| TileName::of_hashes(level, index, size).map(|name| name.to_string());
    assert_eq!(name(0, 1_234_067, 400_000_000).unwrap(), "tile/0/x001/x234/067");
    assert_eq!(TileName::of_entries(1_234_067, 400_000_000).unwrap().to_string(), "tile/entries/x001/x234/067");
    // "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112,
    // one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1".
    assert_eq!(name(0, 272, 70_000).unwrap(), "tile/0/272");
    assert_eq!(name(0, 273, 70_000).unwrap(), "tile/0/273.p/112");
    assert_eq!(name(0, 274, 70_000), None);
    assert_eq!(name(1, 0, 70_000).unwrap(), "tile/1/000");
    assert_eq!(name(1, 1, 70_000).unwrap(), "tile/1/001.p/17");
    assert_eq!(name(2, 0, 70_000).unwrap(), "tile/2/000.p/1");
    assert_eq!(name(3, 0, 70_000), None);
    // "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1".
    assert_eq!((name(0, 0, 256).unwrap(), name(1, 0, 256).unwrap()), ("tile/0/000".into(), "tile/1/000.p/1".into()));
}

#[test]
fn published_notes_open_and_changed_ones_do_not() {
    let verifier = Verifier::from_text(NEUMANN_KEY).unwrap();
    assert_eq!(verifier.to_text(), NEUMANN_KEY);
    assert!(verifier.open(NEUMANN_NOTE).unwrap().ends_with("what your problem is.\n"));
    assert_eq!(verifier.open(&NEUMANN_NOTE.replace("don't", "do")), Err(NoteError::Signature));
    let go = Verifier::from_text(GO_KEY).unwrap();
    assert_eq!(go.open(NEUMANN_NOTE), Err(NoteError::UnknownKey));
    for form in ["", "\n", "\n\n", "text\n\n", "text\n\n\u{2014} name \n", "text\n\n\u{2014} a AAAA\n"] {
        assert_eq!(verifier.open(form), Err(NoteError::Form), "{form:?}");
    }
    for key in ["", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &NEUMANN_KEY[..60]] {
        assert!(Verifier::from_text(key).is_err(), "{key}");
    }
}

#[test]
fn a_published_checkpoint_opens_under_its_origin_only() {
    let go = Verifier::from_text(GO_KEY).unwrap();
    let checkpoint = Checkpoint::open(GO_CHECKPOINT, "go.sum database tree", &go).unwrap();
    assert_eq!(checkpoint.size, 63_096_908);
    assert!(GO_CHECKPOINT.starts_with(&checkpoint.text()));
    assert_eq!(Checkpoint::open(GO_CHECKPOINT, "sum.golang.org", &go), Err(CheckpointError::Origin));
}

#[test]
fn a_bundle_has_the_published_form() {
    let text = format!(
        "c2sp.org/tlog-proof@v1\nextra AAEC\nindex 73894\n{}\n{}\n\n{GO_CHECKPOINT}",
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=", "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA="
    );
    let bundle = Bundle::parse(&text).unwrap();
    assert_eq!((bundle.index, bundle.path.len(), bundle.to_text()), (73_894, 2, text));
    let go = Verifier::from_text(GO_KEY).unwrap();
    assert_eq!(bundle.verify_extra("go.sum database tree", &go), Err(BundleError::Inclusion));
    for form in [
        "",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        "c2sp.org/tlog-proof@v1\n\nx",
    ] {
        assert_eq!(Bundle::parse(form), Err(BundleError::Form), "{form:?}");
    }
}
