//! `POST /v3/REST/eventcallbackurl`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::address_policy::AddressPolicy;
use shared::dialect::Dialect;
use shared::webhook::{Subscription, WantedTypes};

use super::entry::Place;
use super::request::{EntryFields, EntryUrl, in_any_case};
use super::rules::{RuleError, create_entry};
use super::urls::UrlRole;
use super::view::EntryList;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::error::ManageError;
use crate::manage::register::draft;
use crate::manage::signing::tenants_secret;
use crate::manage::transaction::transact;
use crate::noun::Noun;
use crate::room::Api;

/// A valid request for a new entry.
struct CreateEntry {
    place: Place,
    url: EntryUrl,
    /// All fields, for those that have a default.
    fields: EntryFields,
}

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<EntryList>), ApiError> {
    let CreateEntry { place, url, fields } = CreateEntry::read(body, &api.addresses)?;
    let url = url.whole().ok_or(RuleError::UnknownUrl)?;
    let types = WantedTypes::Only(place.event.types().into_iter().collect());
    let subscription = Subscription { types, sources: [].into(), domains: [].into() };
    let secret = tenants_secret(&api, tenant).await?;
    let draft = draft(api.now(), tenant, url.clone(), subscription, Dialect::Mailjet, secret);
    let decide = |all: &[_]| create_entry(all, &draft, place, &url, &fields).map_err(ApiError::from);
    let webhook =
        Box::pin(transact(&api, tenant, decide)).await?.ok_or(ManageError::NotFound(Noun::EventCallbackUrl))?;
    Ok((StatusCode::CREATED, Json(EntryList::one(&webhook, place)?)))
}

impl CreateEntry {
    fn read(body: Fields, addresses: &AddressPolicy) -> Result<Self, FieldErrors> {
        let mut body = in_any_case(body);
        body.require("EventType");
        body.require("Url");
        let fields = EntryFields::read(&mut body, addresses);
        body.finish(|| {
            let place = Place { event: fields.event?, role: fields.role.unwrap_or(UrlRole::Main) };
            Some(Self { place, url: fields.url.clone()?, fields })
        })
    }
}
