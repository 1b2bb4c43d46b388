"""The source files of busybox that its options need."""

load(":words.bzl", "words")

# By folder, without their ending.
_NAMES = {
    "applets": """
        applets
    """,
    "archival": """
        bbunzip bzip2 chksum_and_xwrite_tar_header cpio gzip tar
    """,
    "archival/libarchive": """
        common data_align data_extract_all data_extract_to_stdout data_skip decompress_bunzip2
        decompress_gunzip filter_accept_all filter_accept_list filter_accept_reject_list find_list_entry
        get_header_cpio get_header_tar header_list header_skip header_verbose_list init_handle
        open_transformer seek_by_jump seek_by_read unsafe_prefix unsafe_symlink_target
    """,
    "console-tools": """
        clear reset resize
    """,
    "coreutils": """
        basename cat chmod chown cksum comm cp cut date dd df dirname du echo env expr factor false fold
        head id install link ln logname ls md5_sha1_sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc od
        paste printenv printf pwd readlink realpath rm rmdir seq shuf sleep sort split stat stty sum sync
        tac tail tee test test_ptr_hack timeout touch tr true truncate tty uname uniq unlink usleep wc
        whoami yes
    """,
    "coreutils/libcoreutils": """
        cp_mv_stat getopt_mk_fifo_nod
    """,
    "debianutils": """
        which
    """,
    "editors": """
        awk cmp diff ed patch sed vi
    """,
    "findutils": """
        find grep xargs
    """,
    "init": """
        halt
    """,
    "libbb": """
        appletlib ask_confirmation auto_string bb_bswap_64 bb_cat bb_do_delay bb_getgroups bb_pwd bb_qsort bb_strtonum
        common_bufsiz compare_string_array concat_path_file const_hack concat_subpath_file copy_file copyfd crc32
        default_error_retval device_open dump duration endofname executable fclose_nonstdin
        fflush_stdout_and_exit find_mount_point find_pid_by_name find_root_device full_write get_cpu_count
        get_last_path_component get_line_from_file getopt32 getopt_allopts hash_md5_sha human_readable
        inode_hash isdirectory isqrt iterate_on_dir last_char_is lineedit lineedit_ptr_hack llist login
        make_directory makedev match_fstype messages mode_string parse_config parse_mode perror_msg
        perror_nomsg_and_die platform print_numbered_lines printable printable_string
        process_escape_sequence procps ptr_to_globals read read_key read_printf recursive_action remove_file
        replace safe_gethostname safe_poll safe_strncpy safe_write signals simplify_path single_argv
        skip_whitespace speed_table sysconf time trim u_signal_names verror_msg vfork_daemon_rexec wfopen
        wfopen_input xatonum xconnect xfunc_die xfuncs xfuncs_printf xgetcwd xreadlink xrealloc_vector
        xregcomp
    """,
    "libpwdgrp": """
        uidgid_get
    """,
    "miscutils": """
        devmem hexedit less time ttysize
    """,
    "procps": """
        free iostat kill lsof mpstat nmeter pgrep pidof pmap ps pstree pwdx smemcap sysctl top uptime watch
    """,
    "shell": """
        ash ash_ptr_hack math random shell_common
    """,
    "util-linux": """
        chrt dmesg fallocate hexdump hexdump_xxd ipcrm ipcs more mount mountpoint renice setsid taskset
        umount
    """,
}

SOURCES = ["src/%s/%s.c" % (folder, name) for folder, names in _NAMES.items() for name in words(names)]
