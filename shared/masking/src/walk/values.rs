//! Values of one field: what stands instead of a text, a number or a truth, judged once while it stays the same.

use std::ops::RangeInclusive;

use super::{Scratch, Walk, splice};
use crate::json::{Text, unescaped};
use crate::learned::{NodeId, Rule};
use crate::replacing::{Method, is_replaced};
use crate::{EventError, Seen};

/// Texts shorter than this hold nothing that detection knows.
const SHORTEST: usize = 5;
/// Whole numbers of fewer digits are nobody's.
const FEWEST_DIGITS: usize = 8;
/// Milliseconds from 2017 to 2033, in every event many times.
const TIMES: RangeInclusive<&str> = "1483228800000"..="1999999999999";

impl<'a> Walk<'a, '_> {
    pub(super) fn literal(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let is_null = self.cursor.literal()?;
        let rule = self.fields.nodes[node].rule;
        let personal = matches!(rule, Rule::Personal(_) | Rule::Key) || (self.whole && rule != Rule::Technical);
        if personal && !is_null {
            self.splice_with((start, self.cursor.at), b"null");
        }
        Ok(())
    }

    pub(super) fn text(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let text = self.cursor.string()?;
        let span = (start, self.cursor.at);
        let field = &mut self.fields.nodes[node];
        if let Some(kind) = &field.identity {
            Seen::add(self.seen, kind, text);
        }
        if self.whole && !matches!(field.rule, Rule::Key | Rule::Technical) {
            self.splice_with(span, b"null");
            return Ok(());
        }
        if text.raw.is_empty() {
            return Ok(());
        }
        if field.last != text.raw || field.last_escaped != text.escaped {
            field.last.clear();
            field.last.push_str(text.raw);
            field.last_escaped = text.escaped;
            self.judge_text(node, text);
        }
        if let Some(instead) = &self.fields.nodes[node].instead {
            splice(self.cursor.text, self.out, &mut self.copied, span, instead);
            self.found.replaced += 1;
        }
        Ok(())
    }

    /// Decides what stands instead of a text that was not there just now.
    fn judge_text(&mut self, node: NodeId, text: Text<'a>) {
        let Scratch { hits, plain, instead } = &mut *self.scratch;
        let value = if text.escaped {
            unescaped(text.raw, plain);
            plain.as_str()
        } else {
            text.raw
        };
        let field = &mut self.fields.nodes[node];
        instead.clear();
        match field.rule {
            Rule::Key => self.keys.replace_whole(self.method, None, value, instead),
            Rule::Personal(kind) => self.keys.replace_whole(self.method, Some(kind), value, instead),
            Rule::Named(kind) if !value.trim().is_empty() => {
                self.keys.replace_whole(self.method, Some(kind), value, instead);
            }
            Rule::Scan | Rule::Technical | Rule::Named(_) => {
                hits.clear();
                if value.len() >= SHORTEST {
                    self.scanner.find(value.as_bytes(), hits);
                }
                if hits.iter().any(|hit| is_replaced(hit, value)) {
                    self.keys.replace_parts(self.method, hits, value, instead);
                }
            }
        }
        if instead.is_empty() {
            field.instead = None;
        } else {
            let kept = field.instead.get_or_insert_default();
            kept.clear();
            kept.extend_from_slice(instead);
        }
    }

    pub(super) fn number(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let number = self.cursor.number()?;
        let span = (start, self.cursor.at);
        let field = &self.fields.nodes[node];
        let rule = field.rule;
        if let Some(kind) = &field.identity {
            Seen::add(self.seen, kind, Text { raw: number, escaped: false });
        }
        if rule == Rule::Technical {
            return Ok(());
        }
        let field = &mut self.fields.nodes[node];
        if self.whole || field.last != number || field.last_escaped {
            field.last.clear();
            field.last.push_str(number);
            field.last_escaped = false;
            field.instead = None;
            let instead = self.number_instead(rule, number);
            self.fields.nodes[node].instead = instead;
        }
        let field = &mut self.fields.nodes[node];
        if let Some(instead) = &field.instead {
            splice(self.cursor.text, self.out, &mut self.copied, span, instead);
            self.found.replaced += 1;
        }
        if self.whole {
            field.last.clear();
            field.instead = None;
        }
        Ok(())
    }

    /// What stands instead of a number: its keyed form where the method keeps values apart, or nothing.
    fn number_instead(&mut self, rule: Rule, number: &str) -> Option<Vec<u8>> {
        let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
        let keyed = rule == Rule::Key || (!self.whole && self.method == Method::Hashing);
        let personal = self.whole || matches!(rule, Rule::Personal(_) | Rule::Named(_) | Rule::Key);
        if !personal && !self.shows(number, is_whole) {
            return None;
        }
        if !keyed || !is_whole {
            return Some(b"null".to_vec());
        }
        let mut instead = Vec::new();
        self.keys.keyed_number(number, &mut instead);
        Some(instead)
    }

    /// Whether a number of no named field shows what it is.
    fn shows(&mut self, number: &str, is_whole: bool) -> bool {
        let is_time = number.len() == 13 && TIMES.contains(&number);
        if !is_whole || number.len() < FEWEST_DIGITS || is_time {
            return false;
        }
        self.scratch.hits.clear();
        self.scanner.find(number.as_bytes(), &mut self.scratch.hits);
        !self.scratch.hits.is_empty()
    }
}
