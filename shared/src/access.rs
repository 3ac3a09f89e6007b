//! Who calls, and for which tenant: the only decision about API keys, for every room that accepts them.

use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;

use crate::cache::Cache;
use crate::store::StoreError;
use crate::store::registry::ApiKeyLookup;
use domain::id::{KeyId, TenantId};
use domain::problem::Problem;
use domain::tenant::{ApiKey, KeyHash, PresentedKey, Role};

/// The header with the tenant that a request is about.
pub const TENANT_HEADER: &str = "x-tenant-id";

/// What a request wants to do with a tenant's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Read the tenant's data.
    Read,
    /// Publish events.
    Publish,
    /// Change the tenant's data.
    Manage,
}

impl Permission {
    /// Whether keys of `role` have this permission.
    fn is_given_to(self, role: Role) -> bool {
        match role {
            Role::Admin | Role::Tenant => true,
            Role::Publish => self == Self::Publish,
            Role::Read => self == Self::Read,
        }
    }
}

/// The caller, proven by an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// What the key may do.
    pub role: Role,
    /// The tenant that the request is about. It is the key's own tenant, or for admin keys the tenant in `X-Tenant-ID`,
    /// which need not exist.
    pub tenant: Option<TenantId>,
    /// The key's id; `None` for the key made at deploy time.
    pub key_id: Option<KeyId>,
}

impl Caller {
    /// The tenant that the request is about, if the caller has `permission` there.
    pub fn tenant_for(&self, permission: Permission) -> Result<TenantId, AccessError> {
        if !permission.is_given_to(self.role) {
            return Err(AccessError::MissingPermission(self.role));
        }
        self.tenant.ok_or(AccessError::TenantMissing)
    }
}

/// Why a caller is not accepted, or may not do what the request wants.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The request carries no API key, or one that is unknown, revoked or wrong.
    #[error("no valid API key")]
    NoValidKey,
    /// Keys of this role do not have the permission.
    #[error("the role `{}` lacks the permission", .0.as_str())]
    MissingPermission(Role),
    /// A newer release has given the key a role that this release does not know.
    #[error("the role of the key is not known")]
    UnknownRole,
    /// The request names another tenant than the key's.
    #[error("the key belongs to another tenant")]
    OtherTenant,
    /// An admin key acts for every tenant, and the request names none.
    #[error("the request names no tenant")]
    TenantMissing,
    /// The request names a tenant by something that is not a tenant's id.
    #[error("not a tenant's id")]
    InvalidTenantId,
    /// An operator has suspended the tenant.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The key could not be looked up.
    #[error("the API key could not be looked up")]
    Store(#[from] StoreError),
}

impl AccessError {
    /// What the caller reads.
    pub fn problem(&self) -> Problem {
        let forbidden = |detail| Problem::new(403, "forbidden", "Not allowed", detail);
        match self {
            Self::NoValidKey => {
                let detail = "Send a valid API key, as `Authorization: Bearer mh_…`.";
                Problem::new(401, "unauthorised", "Not authorised", detail)
            }
            Self::MissingPermission(role) => forbidden(format!("A key of role `{}` may not do this.", role.as_str())),
            Self::UnknownRole => {
                forbidden("A newer release of this service has given this key a role that this release does not know, so the key may do nothing here.".to_owned())
            }
            Self::OtherTenant => forbidden("This key belongs to another tenant than `X-Tenant-ID` names.".to_owned()),
            Self::TenantMissing => {
                let detail = "An admin key acts for every tenant; name the tenant in the header `X-Tenant-ID`.";
                Problem::new(400, "tenant-missing", "Which tenant?", detail)
            }
            Self::InvalidTenantId => {
                let detail = "`X-Tenant-ID` must be a tenant's id, `ten_` and 26 characters.";
                Problem::new(400, "tenant-invalid", "Not a tenant's id", detail)
            }
            Self::TenantSuspended => tenant_suspended(403),
            Self::Store(_) => Problem::unavailable(),
        }
    }
}

/// An operator has suspended the tenant: nothing is accepted and nothing changes until the operator lifts this.
pub fn tenant_suspended(status: u16) -> Problem {
    let detail = "The operator has suspended this tenant. Its requests and events are refused, and its deliveries are \
                  held, until the operator lifts the suspension.";
    Problem::new(status, "tenant-suspended", "The tenant is suspended", detail)
}

/// Finds out who calls. The caller presents an API key, as bearer token or by basic auth, and may send `X-Tenant-ID`.
/// Only an admin key may name another tenant than its own.
///
/// A key is read from `cache`, or from `stored`. Keys in `cache` are trusted up to its age limit; the absence of a key
/// is never cached. `deploy_time_key` is the hash of the admin key made at deploy time, for rooms that accept it. A
/// missing, unknown, revoked or wrong key gives 401 with the same text.
pub async fn authorise(
    headers: &HeaderMap,
    stored: &ApiKeyLookup,
    cache: &Cache<KeyId, ApiKey>,
    deploy_time_key: Option<&KeyHash>,
    now: Timestamp,
) -> Result<Caller, AccessError> {
    let presented = presented(headers).ok_or(AccessError::NoValidKey)?;
    let (role, owner) = match presented.id {
        None => match deploy_time_key {
            Some(hash) if presented.matches(hash) => (Role::Admin, None),
            Some(_) | None => return Err(AccessError::NoValidKey),
        },
        Some(id) => match find(id, stored, cache, now).await? {
            Some(key) if presented.matches(&key.secret_hash) => {
                (key.role.known().ok_or(AccessError::UnknownRole)?, key.tenant)
            }
            Some(_) | None => return Err(AccessError::NoValidKey),
        },
    };
    let tenant = tenant_of(role, owner, named_tenant(headers)?)?;
    Ok(Caller { role, tenant, key_id: presented.id })
}

/// The API key in the `Authorization` header: `Bearer mh_…`, or basic auth as clients of other systems use it. That is
/// `<key id>:<secret>` (Mailjet's), or any user with the whole key as password (Mailgun's user is `api`).
fn presented(headers: &HeaderMap) -> Option<PresentedKey> {
    if let Some(text) = bearer(headers) {
        return text.parse().ok();
    }
    let (user, password) = basic(headers)?;
    PresentedKey::from_str(&password).or_else(|_| PresentedKey::of_halves(&user, &password)).ok()
}

/// How logs name the key that the request presents: its id, or `admin` for the key made at deploy time. `None` if the
/// request has no text in the form of a key. Nobody has checked the key yet.
pub fn presented_key_name(headers: &HeaderMap) -> Option<String> {
    let presented = presented(headers)?;
    Some(presented.id.map_or_else(|| "admin".to_owned(), |id| id.to_string()))
}

/// User and password in `Authorization: Basic …` (RFC 7617).
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// The credentials in `Authorization: Bearer …`. The scheme may be in any case, as RFC 9110 says.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

async fn find(
    id: KeyId,
    stored: &ApiKeyLookup,
    cache: &Cache<KeyId, ApiKey>,
    now: Timestamp,
) -> Result<Option<ApiKey>, StoreError> {
    if let Some(key) = cache.get(&id, now) {
        return Ok(Some(key));
    }
    let found = stored.get(id).await?;
    if let Some(key) = &found {
        cache.put(id, key.clone(), now);
    }
    Ok(found)
}

fn named_tenant(headers: &HeaderMap) -> Result<Option<TenantId>, AccessError> {
    let Some(value) = headers.get(TENANT_HEADER) else { return Ok(None) };
    let named = value.to_str().ok().and_then(|text| text.parse().ok());
    named.map(Some).ok_or(AccessError::InvalidTenantId)
}

/// The tenant that a request is about, given the key's owner and the named tenant.
fn tenant_of(role: Role, owner: Option<TenantId>, named: Option<TenantId>) -> Result<Option<TenantId>, AccessError> {
    match (role, owner, named) {
        (Role::Admin, _, named) => Ok(named),
        (Role::Tenant | Role::Publish | Role::Read, Some(own), None) => Ok(Some(own)),
        (Role::Tenant | Role::Publish | Role::Read, Some(own), Some(named)) if own == named => Ok(Some(own)),
        (Role::Tenant | Role::Publish | Role::Read, Some(_), Some(_)) => Err(AccessError::OtherTenant),
        // Such a row should not exist. It gives access to nothing.
        (Role::Tenant | Role::Publish | Role::Read, None, _) => Err(AccessError::NoValidKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result, with the error's HTTP status.
    fn status_of<T>(result: Result<T, AccessError>) -> Result<T, u16> {
        result.map_err(|error| error.problem().status)
    }

    fn tenant(seed: u8) -> TenantId {
        TenantId::mint(Timestamp::UNIX_EPOCH, [seed; 10])
    }

    #[test]
    fn a_key_acts_for_its_own_tenant_only() {
        for role in [Role::Tenant, Role::Publish, Role::Read] {
            assert_eq!(status_of(tenant_of(role, Some(tenant(1)), None)), Ok(Some(tenant(1))));
            assert_eq!(status_of(tenant_of(role, Some(tenant(1)), Some(tenant(1)))), Ok(Some(tenant(1))));
            let foreign = tenant_of(role, Some(tenant(1)), Some(tenant(2)));
            assert!(matches!(foreign, Err(AccessError::OtherTenant)));
            assert_eq!(status_of(foreign), Err(403));
            assert_eq!(status_of(tenant_of(role, None, Some(tenant(2)))), Err(401));
        }
        assert_eq!(status_of(tenant_of(Role::Admin, None, Some(tenant(2)))), Ok(Some(tenant(2))));
        assert_eq!(status_of(tenant_of(Role::Admin, None, None)), Ok(None));
    }

    #[test]
    fn roles_have_their_permissions_and_no_others() {
        let caller = |role| Caller { role, tenant: Some(tenant(1)), key_id: None };
        let may = |role, permission| caller(role).tenant_for(permission).is_ok();
        let all = [Permission::Read, Permission::Publish, Permission::Manage];
        assert_eq!(all.map(|permission| may(Role::Admin, permission)), [true, true, true]);
        assert_eq!(all.map(|permission| may(Role::Tenant, permission)), [true, true, true]);
        assert_eq!(all.map(|permission| may(Role::Publish, permission)), [false, true, false]);
        assert_eq!(all.map(|permission| may(Role::Read, permission)), [true, false, false]);
        let nowhere = Caller { role: Role::Admin, tenant: None, key_id: None };
        assert_eq!(status_of(nowhere.tenant_for(Permission::Read)), Err(400));
    }

    #[test]
    fn a_key_is_found_wherever_clients_carry_it() {
        let id = KeyId::mint(Timestamp::UNIX_EPOCH, [3; 10]);
        let key = PresentedKey::generate(id, [9; 32]);
        let whole = key.expose();
        let (_, secret) = whole.rsplit_once('_').unwrap();
        let read = |value: String| presented(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]));
        let basic =
            |user: &str, password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        assert_eq!(read(format!("Bearer {whole}")), Some(key.clone()));
        assert_eq!(read(basic("api", &whole)), Some(key.clone()));
        assert_eq!(read(basic(&id.bare(), secret)), Some(key.clone()));
        assert_eq!(read(basic(&id.to_string(), secret)), Some(key));
        for other in [basic("api", secret), basic(&whole, ""), basic("", ""), "Basic %".to_owned(), whole] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn reads_the_header_in_every_usual_spelling() {
        let read = |value: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer mh_x").as_deref(), Some("mh_x"));
        assert_eq!(read("bearer  mh_x ").as_deref(), Some("mh_x"));
        for other in ["mh_x", "Basic bWhfeA==", "Bearer"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
