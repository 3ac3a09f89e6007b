pub mod address_policy;
