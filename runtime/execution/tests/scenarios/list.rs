//! Every scenario folder by name: a test for each, and a test that none was
//! forgotten.

use crate::folder::root;
use crate::play::play;
use std::collections::BTreeSet;

/// A folder is called as its test is, with `-` for `_`.
macro_rules! scenarios {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                play(&folder(stringify!($name)));
            }
        )+

        /// All of them.
        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

fn folder(name: &str) -> String {
    name.replace('_', "-")
}

scenarios! {
    a_stage_runs_its_groups_in_order
    a_failure_lets_its_siblings_end
    a_new_execution_fetches_every_source_again
    an_action_whose_variable_was_not_set_fails
    a_skipped_stage_makes_nothing
    superseded_a_newer_execution_takes_the_slot
    superseded_a_running_stage_is_never_interrupted
    superseded_an_approval_holds_its_stage
    superseded_every_stage_has_its_own_slot
    superseded_a_failure_lets_the_next_one_in
    superseded_an_older_execution_yields_to_a_newer_one
    queued_first_come_first_in
    queued_a_failure_lets_the_next_one_in
    queued_stopping_one_that_waits_closes_the_gap
    queued_the_fifty_first_is_refused
    parallel_executions_do_not_see_each_other
    parallel_five_actions_at_a_time
    parallel_a_disabled_transition_holds_all
    parallel_knows_no_rollback
    an_update_cancels_what_waits_and_what_runs
    an_update_does_not_wait_for_an_approval
    an_update_gives_up_conditions
    an_update_ends_retries
    an_update_ends_rollback_targets
    a_pinned_update_lets_executions_finish
    a_pinned_update_keeps_retries
    a_pinned_update_keeps_rollback_targets
    parallel_an_update_changes_nothing_for_those_that_run
    an_update_keeps_transitions
    deleting_ends_everything_at_once
    a_deleted_pipeline_can_be_created_again
    a_disabled_inbound_transition_holds_arrivals
    a_disabled_transition_keeps_the_newest
    a_disabled_transition_queues_in_queued_mode
    a_disabled_outbound_transition_holds_leavers
    a_hold_of_more_than_thirty_days_ends
    a_hold_of_thirty_days_is_nothing
    disabling_twice_changes_the_reason
    stopped_in_front_of_a_stage
    a_stop_waits_for_running_actions
    a_stop_can_become_an_abandonment
    an_abandoned_action_s_answer_is_dropped
    what_has_ended_cannot_be_stopped
    a_stopped_stage_can_be_retried
    a_stop_waits_for_an_approval
    abandoning_withdraws_an_approval
    a_stop_lets_rules_end_and_nothing_after_them
    a_stop_is_not_a_failure
    a_stop_frees_the_stage
    retrying_what_failed_keeps_what_succeeded
    retrying_all_runs_everything_again
    retrying_while_siblings_still_run
    what_did_not_fail_is_not_retried
    a_retry_can_be_repeated
    a_stage_retries_by_itself_once
    a_source_retries_by_itself
    a_stage_retries_all_by_itself
    a_retry_in_time_is_the_one_that_counts
    a_retried_approval_has_a_new_token
    a_rollback_by_hand_runs_one_stage
    an_automatic_rollback_goes_to_the_newest_success
    without_a_success_there_is_no_rollback
    a_rollback_that_fails_is_not_rolled_back
    a_rollback_goes_first
    a_rollback_passes_disabled_transitions
    a_rollback_is_refused_where_it_makes_no_sense
    a_rollback_takes_the_variables_of_its_target
    a_skipped_stage_is_no_rollback_target
    an_entry_condition_fails_the_stage
    an_entry_condition_skips_the_stage
    an_entry_condition_that_is_met_lets_in
    one_rule_that_fails_is_enough
    a_window_is_waited_for
    a_rule_runs_out_of_time
    a_rule_that_cannot_be_judged_is_an_error
    a_rule_uses_variables
    a_success_condition_fails_the_stage
    a_success_condition_rolls_back
    a_failure_condition_that_is_met_rolls_back
    a_failure_condition_that_is_not_met_leaves_it_failed
    overriding_an_entry_condition_that_failed
    overriding_while_it_is_judged
    overriding_a_success_condition
    a_skip_cannot_be_overridden
    only_the_last_execution_is_let_through
    an_overridden_condition_is_not_asked_again
    abandoning_ends_rules
    an_approval_is_approved
    an_approval_is_rejected
    an_approval_expires
    an_approval_has_its_own_time
    an_approval_shows_what_it_is_about
    an_action_runs_out_of_time
    every_kind_of_action_has_its_time
    an_action_that_goes_on_is_asked_again
    variables_flow_from_action_to_action
    pipeline_variables_have_values
    a_retry_sets_variables_anew
    an_action_makes_exactly_its_artifacts
    an_execution_takes_the_revision_that_it_was_asked_to
    a_push_to_the_source_s_own_branch_starts_it
    a_source_that_detects_nothing_starts_nothing
    branches_are_filtered
    excludes_beat_includes
    excludes_alone_let_the_rest_pass
    files_are_judged_one_by_one
    unknown_files_pass_no_filter
    a_tag_starts_it
    one_filter_of_many_is_enough
    a_pull_request_starts_it
    a_merge_can_start_two
    the_same_change_starts_one_execution
    a_change_that_cannot_start_says_why
    a_source_that_cannot_be_pinned_takes_the_newest
    a_worker_reports_a_revision
    a_schedule_starts_it
    a_worker_does_a_job
    nobody_takes_a_job_from_another
    a_job_that_nobody_began_is_offered_again
    a_job_that_was_not_acknowledged_is_not_answered
    a_worker_goes_on_with_a_token
    nobody_polls
    a_transition_of_a_stage_that_is_gone_can_be_enabled
    a_retry_goes_on_through_stages_that_are_gone
    an_override_goes_on_through_stages_that_are_gone
    nothing_rolls_back_into_parallel_mode
}

#[test]
fn every_folder_is_played() {
    let listed: BTreeSet<_> = NAMES.iter().map(|name| folder(name)).collect();
    let there: BTreeSet<_> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed, there, "list every folder in list.rs");
    assert!(there.len() >= 60, "{} scenarios", there.len());
}
