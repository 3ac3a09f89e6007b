//! `POST /api/v1/tenants`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::clock::random;
use shared::id::TenantId;
use shared::tenant::{Tenant, TenantLimits};

use super::NAME;
use super::view::TenantView;
use crate::http::body::{Fields, text};
use crate::http::caller::Operator;
use crate::http::error::ApiError;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

pub(super) async fn create(
    _: Operator,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<TenantView>), ApiError> {
    let name = body.required("name", text(NAME));
    let name = body.finish(|| name)?;
    let created_at = api.now();
    let tenant = Tenant {
        id: TenantId::mint(created_at, random()),
        name,
        created_at,
        suspended: false,
        limits: TenantLimits::default(),
    };
    span::note(Noun::Tenant, tenant.id);
    api.tenants.create(&tenant).await?;
    Ok((StatusCode::CREATED, Json(TenantView::from(&tenant))))
}
