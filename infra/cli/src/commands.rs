//! The table of contents of the commands: one file each, nothing decided here.

pub(crate) mod anonymize;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod datamap;
pub(crate) mod demo;
pub(crate) mod discover;
pub(crate) mod down;
pub(crate) mod due;
pub(crate) mod export;
pub(crate) mod load;
pub(crate) mod notice;
pub(crate) mod package;
pub(crate) mod scan;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod verify;

use std::process::ExitCode;

use crate::args::{Arguments, Command};
use crate::proxy;

/// Runs the command that was asked for; the code is the program's.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Down(arguments) => down::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Token(arguments) => token::run(&arguments),
        Command::Datamap(command) => datamap::run(&command).await,
        Command::Export(command) => export::run(&command).await,
        Command::Load(arguments) => load::run(&arguments).await,
        Command::Package(arguments) => package::run(&arguments).await,
        Command::Check(arguments) => check::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments).await,
        Command::Due(arguments) => due::run(&arguments),
        Command::Discover(arguments) => discover::run(&arguments).await,
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Anonymize(arguments) => anonymize::run(&arguments),
        Command::Verify(command) => Ok(verify::run(&command)),
        Command::Notice(command) => notice::run(&command),
        Command::Proxy(arguments) => proxy::run(&arguments).await,
    }
}
