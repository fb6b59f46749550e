//! One client per service and region, made when first used. Other accounts are not reached yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use datamap::Connection;
use workflow::ports::{PortError, PortErrorKind};

type ByRegion<C> = Mutex<HashMap<Option<String>, C>>;

/// The clients of a process.
#[derive(Debug)]
pub(crate) struct Clients {
    // Configuration.
    config: SdkConfig,
    interceptors: Vec<SharedInterceptor>,
    // Dependencies.
    dynamodb: ByRegion<aws_sdk_dynamodb::Client>,
    s3: ByRegion<aws_sdk_s3::Client>,
}

impl Clients {
    pub(crate) fn new(config: SdkConfig) -> Self {
        Self { config, interceptors: Vec::new(), dynamodb: Mutex::default(), s3: Mutex::default() }
    }

    pub(crate) fn watch(&mut self, interceptor: SharedInterceptor) {
        self.interceptors.push(interceptor);
    }

    /// The client of tables in the connection's region.
    pub(crate) fn dynamodb(&self, connection: &Connection) -> Result<aws_sdk_dynamodb::Client, PortError> {
        own_account(connection)?;
        Ok(of_region(&self.dynamodb, connection, || {
            let mut builder = aws_sdk_dynamodb::config::Builder::from(&self.config).timeout_config(attempt_timeout(10));
            for interceptor in &self.interceptors {
                builder.push_interceptor(interceptor.clone());
            }
            builder.set_region(self.region(connection));
            aws_sdk_dynamodb::Client::from_conf(builder.build())
        }))
    }

    /// The client of objects in the connection's region.
    pub(crate) fn s3(&self, connection: &Connection) -> Result<aws_sdk_s3::Client, PortError> {
        own_account(connection)?;
        Ok(of_region(&self.s3, connection, || {
            let mut builder = aws_sdk_s3::config::Builder::from(&self.config)
                .timeout_config(attempt_timeout(30))
                .force_path_style(self.config.endpoint_url().is_some_and(is_loopback));
            for interceptor in &self.interceptors {
                builder.push_interceptor(interceptor.clone());
            }
            builder.set_region(self.region(connection));
            aws_sdk_s3::Client::from_conf(builder.build())
        }))
    }

    fn region(&self, connection: &Connection) -> Option<Region> {
        connection.region.clone().map(Region::new).or_else(|| self.config.region().cloned())
    }
}

fn own_account(connection: &Connection) -> Result<(), PortError> {
    if connection.role_arn.is_some() {
        let cause = "a connection with role_arn (another account) is not supported yet";
        return Err(PortError::caused(PortErrorKind::Denied, "connect", cause));
    }
    Ok(())
}

fn of_region<C: Clone>(clients: &ByRegion<C>, connection: &Connection, make: impl FnOnce() -> C) -> C {
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    clients.entry(connection.region.clone()).or_insert_with(make).clone()
}

fn attempt_timeout(seconds: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(seconds))
        .build()
}

/// Bucket names are not host names on a local stack.
fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    host.starts_with("[::1]") || host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.")
}
