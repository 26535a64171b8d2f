//! The one place where the contract's generated code lives. Nobody but
//! `component` and the export macros looks in here.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::allow_attributes_without_reason,
    reason = "generated from wit/"
)]

/// World `action-provider`: every capability, and the export `provider`.
pub mod provider {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "action-provider",
        generate_all,
        pub_export_macro: true,
    });
}

/// What world `source-provider` adds: the export `source`.
pub mod source {
    wit_bindgen::generate!({
        inline: "
            package lockgate:sdk;
            world source {
                import lockgate:action/types@0.1.0;
                export lockgate:action/source@0.1.0;
            }
        ",
        path: "../../wit",
        with: { "lockgate:action/types@0.1.0": super::provider::lockgate::action::types },
        pub_export_macro: true,
    });
}

/// World `function`.
pub mod function {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "function",
        with: { "lockgate:action/log@0.1.0": super::provider::lockgate::action::log },
        pub_export_macro: true,
    });
}
