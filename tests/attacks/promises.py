"""What the service promises under attack, each promise with the tests that attack it. `make attack` runs them all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One sentence, and the tests that hold it: a file under tests/, and names of its tests."""

    text: str
    file: str
    tests: tuple[str, ...]
    database: str = "SQLite"  # that tests with one database use


CHAPTERS: dict[str, tuple[Promise, ...]] = {
    "Nothing that was answered is lost": (
        Promise(
            "A service killed again and again while twelve write loses no acknowledged change and leaves no half one.",
            "faults/test_crash.py",
            ("test_a_killed_process_loses_no_acknowledged_write_and_leaves_no_half_one",),
        ),
        Promise(
            "Fifty editors of one record lose none of their changes.",
            "faults/test_crash.py",
            ("test_many_editors_of_one_record_lose_none_of_their_changes",),
        ),
        Promise(
            "An import that is killed while it writes leaves nothing, and can be sent again.",
            "test_import_interruptions.py",
            (
                "test_a_service_killed_while_it_writes_leaves_nothing_and_the_commit_can_be_sent_again",
            ),
        ),
        Promise(
            "A backup made while people write holds every change that was acknowledged before it began.",
            "test_backup.py",
            ("test_a_backup_holds_every_write_acknowledged_before_it_began_while_writing_goes_on",),
        ),
        Promise(
            "A backup that fails leaves the one before, a damaged one changes nothing, and a directory in use is never overwritten.",
            "test_backup.py",
            (
                "test_a_backup_that_fails_leaves_the_one_before",
                "test_a_damaged_backup_is_refused_and_nothing_is_changed",
                "test_a_directory_in_use_is_never_overwritten",
            ),
        ),
        Promise(
            "What is being written when a signal comes is answered, and a connection just made is not reset.",
            "faults/test_signals.py",
            (
                "test_what_is_being_written_when_the_signal_comes_is_answered",
                "test_a_connection_just_made_is_answered_and_then_closed",
            ),
        ),
    ),
    "A database in trouble stops no reader": (
        Promise(
            "PostgreSQL frozen, crashed or restarted: reads go on from memory, the rest is told to wait, and all heals by itself.",
            "faults/test_lost_postgresql.py",
            (
                "test_a_frozen_database_stops_no_reader_and_all_heals_when_it_thaws",
                "test_a_database_that_crashed_and_comes_back_is_found_again",
                "test_a_restart_that_nobody_noticed_fails_no_request",
            ),
            database="PostgreSQL",
        ),
        Promise(
            "A full disk is told as such, nothing acknowledged is lost, and writing goes on when there is room.",
            "faults/test_storage.py",
            ("test_a_full_disk_is_told_as_such_and_nothing_acknowledged_is_lost",),
        ),
        Promise(
            "On a read-only disk everything but the folder of the database may be read-only.",
            "faults/test_storage.py",
            ("test_only_one_folder_need_be_writable",),
        ),
        Promise(
            "Before a locked database sixty writers hold up nobody else, and more are told at once to come again.",
            "faults/test_storage.py",
            (
                "test_sixty_writers_before_a_locked_database_hold_up_nobody_else",
                "test_above_the_line_a_writer_is_told_at_once_to_come_again",
            ),
        ),
        Promise(
            "A database file that was deleted or replaced takes no writes.",
            "faults/test_storage.py",
            ("test_a_file_that_was_deleted_or_replaced_takes_no_writes",),
        ),
        Promise(
            "Two processes that start at once on nothing both serve.",
            "test_upgrades.py",
            ("test_two_processes_that_start_at_once_on_nothing_both_serve",),
        ),
        Promise(
            "No connection to the database stays open behind a service that ended.",
            "test_database.py",
            (
                "test_a_connection_held_while_the_database_is_closed_is_closed_when_it_comes_back",
                "test_a_watch_that_cannot_begin_leaves_no_connection_open",
            ),
            database="PostgreSQL",
        ),
    ),
    "No client stops the others": (
        Promise(
            "Two hundred connections of one client with the worst searches keep nobody out: pages, health and new searches of others are answered.",
            "attacks/test_crowds.py",
            ("test_two_hundred_connections_with_the_worst_questions_keep_nobody_out",),
        ),
        Promise(
            "No wrong question costs much more than a plain one.",
            "test_request_budget.py",
            ("test_no_wrong_question_costs_much_more_than_a_plain_one",),
        ),
        Promise(
            "What would look at too much of the directory is refused, with what to narrow.",
            "test_search_budget.py",
            ("test_what_would_look_at_too_much_is_refused_with_what_to_narrow",),
            database="SQLite",
        ),
        Promise(
            "Nothing is searched for clients who have hung up.",
            "test_search_budget.py",
            ("test_clients_who_hang_up_leave_no_work_behind",),
        ),
        Promise(
            "Readers who ask for an export and take nothing of it hold up nobody.",
            "faults/test_slow_readers.py",
            ("test_slow_readers_of_an_export_hold_up_nobody_after_a_publication",),
        ),
        Promise(
            "Exports that are cut off in the middle leave nothing open.",
            "attacks/test_crowds.py",
            ("test_exports_cut_off_in_the_middle_leave_nothing_open",),
        ),
        Promise(
            "Floods of headers take no memory.",
            "attacks/test_crowds.py",
            ("test_floods_of_headers_take_no_memory",),
        ),
        Promise(
            "A flood of headers, blank lines or chunks, or an address without end, is refused after some kilobytes.",
            "test_server.py",
            ("test_a_flood_before_the_application_ends_after_a_few_kilobytes",),
        ),
        Promise(
            "Hundreds of idle and halting connections keep nobody out.",
            "attacks/test_crowds.py",
            ("test_hundreds_of_idle_and_halting_connections_keep_nobody_out",),
        ),
        Promise(
            "Health is told when all connections are taken.",
            "test_server.py",
            ("test_health_is_told_when_all_connections_are_taken",),
        ),
    ),
    "One bad text, file or website stops nobody": (
        Promise(
            "No text takes a pattern longer than in proportion to its length.",
            "test_regular_expressions.py",
            (
                "test_no_text_of_20000_characters_stops_a_pattern",
                "test_prose_of_20000_marks_or_spaces_is_read_at_once",
            ),
            database="no database",
        ),
        Promise(
            "A CSV file of 58 MB without an end of line takes less than 60 MB of memory.",
            "test_import_bounds.py",
            ("test_a_csv_without_an_end_of_line_takes_no_memory",),
            database="no database",
        ),
        Promise(
            "A workbook that unpacks, or copies one text, to gigabytes is refused.",
            "test_import_bounds.py",
            (
                "test_one_text_in_many_cells_is_counted_as_often_as_it_would_be_copied",
                "test_texts_of_a_hundred_megabytes_are_refused_before_they_are_read",
            ),
            database="no database",
        ),
        Promise(
            "Whatever one cited website does, the other sources are checked; no private address is asked, nor after a redirect or a change of DNS.",
            "test_link_checker.py",
            (
                "test_one_bad_redirect_is_a_finding_and_the_others_are_still_checked",
                "test_a_private_address_is_never_asked",
                "test_a_redirect_to_a_private_address_is_refused",
                "test_the_address_that_was_checked_is_the_one_that_is_asked",
            ),
        ),
    ),
    "Nobody reads or does what is not theirs": (
        Promise(
            "Nothing unpublished shows at any public address, nor is it counted.",
            "test_draft_privacy.py",
            (
                "test_nothing_unpublished_shows_at_any_public_address",
                "test_nothing_unpublished_is_counted",
            ),
        ),
        Promise(
            "Each request of the desk is open to the roles that the table says, and to no other.",
            "test_permissions.py",
            (
                "test_every_request_without_a_key_is_refused",
                "test_every_request_is_open_to_the_roles_that_the_table_says_and_to_no_other",
            ),
        ),
    ),
    "Memory is what the settings say": (
        Promise(
            "Memory is flat while the directory is read and published to, and what is replaced does not pile up.",
            "attacks/test_soak.py",
            (
                "test_memory_is_flat_while_the_directory_is_read_and_published_to",
                "test_replaced_entries_do_not_pile_up",
            ),
        ),
        Promise(
            "Kept answers take what the setting says.",
            "test_cache_memory.py",
            ("test_kept_answers_take_what_the_setting_says",),
            database="no database",
        ),
    ),
    "What happens can be seen": (
        Promise(
            "The log has one line for each request that is worth one, and no traceback for a client that hung up.",
            "test_logs.py",
            ("test_a_client_that_hangs_up_is_one_line",),
        ),
        Promise(
            "An index that is behind, and a database that cannot be read, show in the metrics.",
            "test_metrics.py",
            (
                "test_the_index_is_seen_to_be_behind_until_it_has_caught_up",
                "test_a_database_that_cannot_be_read_is_told_and_its_errors_counted",
            ),
        ),
    ),
}
PROMISES = tuple(promise for chapter in CHAPTERS.values() for promise in chapter)
