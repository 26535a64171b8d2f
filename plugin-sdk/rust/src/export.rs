//! The last line of a provider's crate: what its component exports. Natively
//! the macros only check that the type fits, so that tests need no component.

/// Makes this crate a component of world `action-provider`: of one provider, or
/// of several, each with action types and a configuration of its own.
#[macro_export]
macro_rules! export_provider {
    ($provider:ident) => {
        const _: () = {
            const fn is_provider<P: $crate::Provider>() {}
            is_provider::<$provider>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            $crate::__export_action_provider_impl!($provider with_types_in $crate::bindings::provider);
        };
    };
    ($($provider:ident),+ $(,)?) => {
        const _: () = {
            const fn are_providers<P: $crate::Providers>() {}
            are_providers::<($($provider,)+)>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Several = ($($provider,)+);
            $crate::__export_action_provider_impl!(Several with_types_in $crate::bindings::provider);
        };
    };
}

/// Makes this crate a component of world `source-provider`.
#[macro_export]
macro_rules! export_source {
    ($source:ident) => {
        $crate::export_provider!($source);
        const _: () = {
            const fn is_source<S: $crate::Source>() {}
            is_source::<$source>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
    $crate::__export_source_impl!($source with_types_in $crate::bindings::source);
        };
    };
}

/// Makes this crate a component of world `function`.
#[macro_export]
macro_rules! export_function {
    ($function:ident) => {
        const _: () = {
            const fn is_function<F: $crate::Function>() {}
            is_function::<$function>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
    $crate::__export_function_impl!($function with_types_in $crate::bindings::function);
        };
    };
}
