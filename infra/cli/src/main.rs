//! The `habeas` program: reads the command line and hands over to one file per command.

mod api;
mod args;
mod cloudformation;
mod commands;
mod deployment;
mod emulator;
mod home;
mod http;
mod issuer;
mod parquet_rows;
mod processes;
mod proxy;
mod repair;
mod report;
mod sample;
mod stack;
mod waiting;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(args::Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            report::note(&format!("habeas: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
