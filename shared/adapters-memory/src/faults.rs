//! Which port call fails, and how. Calls are numbered from 0 in the order they are made; each has a point before and one after.

use std::collections::BTreeMap;

use workflow::ports::PortErrorKind;

use crate::random::SplitMix;

/// What goes wrong at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies: the call never returns.
    Crash,
    /// Before: the call fails with this kind and has no effect.
    Fail(PortErrorKind),
    /// Before: the call and the next few are throttled, without effect.
    Throttle(u8),
    /// After: the effect happened, the caller gets a transient error.
    LoseAnswer,
    /// After: the SDK lost the first answer and made the call again, later than any client token lives.
    RetriedBySdk,
}

impl Fault {
    /// Whether the fault makes sense on this side of a call.
    #[must_use]
    pub const fn fits(self, side: Side) -> bool {
        match self {
            Self::Crash => true,
            Self::Fail(_) | Self::Throttle(_) => matches!(side, Side::Before),
            Self::LoseAnswer | Self::RetriedBySdk => matches!(side, Side::After),
        }
    }
}

/// Which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Nothing has happened yet.
    Before,
    /// The effect is there, the answer isn't.
    After,
}

/// A place where something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The number of the call.
    pub call: u64,
    /// Before or after it.
    pub side: Side,
}

/// A call that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// What was called: `commit`, `send`, …
    pub operation: &'static str,
    /// What went wrong.
    pub injected: Option<Fault>,
}

/// Faults at random, each in so many of a thousand calls.
#[derive(Debug, Clone)]
pub struct Chaos {
    /// Decides.
    pub random: SplitMix,
    /// Crashes, before or after.
    pub crash: u16,
    /// Transient failures without effect.
    pub fail: u16,
    /// Lost answers.
    pub lose_answer: u16,
    /// Retries by the SDK.
    pub retried: u16,
    /// Throttling of up to four calls.
    pub throttle: u16,
}

impl Chaos {
    fn draw(&mut self, side: Side) -> Option<Fault> {
        match side {
            Side::Before if self.random.happens(self.crash) => Some(Fault::Crash),
            Side::Before if self.random.happens(self.fail) => Some(Fault::Fail(PortErrorKind::Transient)),
            Side::Before if self.random.happens(self.throttle) => {
                Some(Fault::Throttle(u8::try_from(1 + self.random.below(4)).unwrap_or(1)))
            }
            Side::After if self.random.happens(self.crash) => Some(Fault::Crash),
            Side::After if self.random.happens(self.lose_answer) => Some(Fault::LoseAnswer),
            Side::After if self.random.happens(self.retried) => Some(Fault::RetriedBySdk),
            Side::Before | Side::After => None,
        }
    }
}

/// The plan of what goes wrong, and the record of what did.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    planned: BTreeMap<Point, Fault>,
    chaos: Option<Chaos>,
    throttled: u8,
    calls: Vec<Call>,
    injected: u64,
    crashed: bool,
    /// Whether each call first lets other tasks run.
    pub interleaves: bool,
}

impl Faults {
    /// Starts counting anew, with nothing planned.
    pub fn reset(&mut self) {
        *self = Self { interleaves: self.interleaves, ..Self::default() };
    }

    /// Plans a fault.
    pub fn plan(&mut self, point: Point, fault: Fault) {
        self.planned.insert(point, fault);
    }

    /// Lets faults happen at random; `None` ends it.
    pub fn set_chaos(&mut self, chaos: Option<Chaos>) {
        self.chaos = chaos;
        self.throttled = 0;
    }

    /// Whether everything that was planned has happened.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.planned.is_empty() && self.throttled == 0
    }

    /// Every call since the last reset.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// How many faults happened since the last reset. A fault test with 0 proves nothing.
    #[must_use]
    pub const fn injected(&self) -> u64 {
        self.injected
    }

    /// Whether a process has died since this was last asked.
    pub const fn take_crash(&mut self) -> bool {
        std::mem::replace(&mut self.crashed, false)
    }

    pub(crate) fn enter(&mut self, operation: &'static str) -> (u64, Option<Fault>) {
        let number = u64::try_from(self.calls.len()).unwrap_or(u64::MAX);
        self.calls.push(Call { number, operation, injected: None });
        if self.throttled > 0 {
            self.throttled -= 1;
            return (number, Some(self.note(number, Fault::Throttle(0))));
        }
        let fault = self.at(Point { call: number, side: Side::Before });
        if let Some(Fault::Throttle(more)) = fault {
            self.throttled = more.saturating_sub(1);
        }
        (number, fault)
    }

    pub(crate) fn leave(&mut self, number: u64) -> Option<Fault> {
        self.at(Point { call: number, side: Side::After })
    }

    fn at(&mut self, point: Point) -> Option<Fault> {
        let drawn = self.chaos.as_mut().and_then(|chaos| chaos.draw(point.side));
        let fault = self.planned.remove(&point).or(drawn).filter(|fault| fault.fits(point.side))?;
        Some(self.note(point.call, fault))
    }

    fn note(&mut self, number: u64, fault: Fault) -> Fault {
        self.injected += 1;
        self.crashed |= fault == Fault::Crash;
        let place = usize::try_from(number).ok().and_then(|index| self.calls.get_mut(index));
        if let Some(call) = place {
            call.injected = Some(fault);
        }
        fault
    }
}
