//! The only room of the host that knows the contract's generated types. Holds
//! the bindings to `wit/` and the translation to and from the words of
//! `lockgate-model`; the sandbox's store and the capabilities use it.

pub(crate) mod from_guest;
pub(crate) mod from_source;
pub(crate) mod to_guest;

/// Generated from `wit/`: every interface of ours, for all worlds at once. WASI
/// interfaces are wasmtime's own.
#[allow(clippy::all, reason = "generated code")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package lockgate:host;
            world every {
                import lockgate:action/log@0.1.0;
                import lockgate:action/artifacts@0.1.0;
                import lockgate:action/secrets@0.1.0;
                import lockgate:action/exec@0.1.0;
                import lockgate:action/invoke@0.1.0;
                import lockgate:action/pipelines@0.1.0;
                export lockgate:action/provider@0.1.0;
                export lockgate:action/source@0.1.0;
                export lockgate:action/handler@0.1.0;
            }
        ",
        world: "lockgate:host/every",
        imports: {
            "lockgate:action/log.write": trappable,
            "lockgate:action/secrets.placeholder": trappable,
            "lockgate:action/secrets.verify-hmac-sha256": trappable,
            "lockgate:action/secrets.equals": trappable,
            default: async | trappable,
        },
        exports: { default: async },
    });
}

pub(crate) use generated::exports::lockgate::action as exports;
pub(crate) use generated::lockgate::action as imports;
