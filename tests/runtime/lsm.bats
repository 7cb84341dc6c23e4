#!/usr/bin/env bats
# AppArmor and SELinux: on hosts where they are on (tests/vm has such), and the refusals elsewhere.
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	[ -z "${profile:-}" ] || apparmor_parser --remove "$profile" 2>/dev/null || true
	common_teardown
}

has_apparmor() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]
}
has_selinux() {
	[ -e /sys/fs/selinux/enforce ]
}
needs_apparmor() {
	has_apparmor || skip "AppArmor is off here"
	command -v apparmor_parser >/dev/null || skip "there is no apparmor_parser"
	[ "$(id -u)" = 0 ] || skip "profiles are root's to load"
}
LABEL=system_u:system_r:container_t:s0:c1,c2
needs_selinux() {
	has_selinux || skip "SELinux is off here"
	printf %s "$LABEL" >/sys/fs/selinux/context 2>/dev/null || skip "this policy has no container_t"
}

# load_profiles: two, that deny different files.
load_profiles() {
	profile=$BATS_TEST_TMPDIR/profile
	cat >"$profile" <<-'END'
		profile coffer-test-one flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, mount, umount, signal, ptrace, pivot_root, unix,
			deny /tmp/one w,
		}
		profile coffer-test-two flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, mount, umount, signal, ptrace, pivot_root, unix,
			deny /tmp/two w,
		}
	END
	apparmor_parser --replace --skip-cache "$profile"
}

# ---- AppArmor ------------------------------------------------------------------------------------

@test "the program has the AppArmor profile, which denies what it denies" {
	needs_apparmor
	load_profiles
	local yes
	sh_args 'cat /proc/self/attr/current; echo x >/tmp/one; echo x >/tmp/two; ls /tmp'
	config '.process.apparmorProfile = "coffer-test-one"'
	for yes in true false; do
		config --argjson yes $yes '.process.noNewPrivileges = $yes'
		run run_container
		[[ "${lines[0]}" == "coffer-test-one (enforce)" ]] || { echo "$output"; false; }
		[[ "$output" == *"/tmp/one: Permission denied"* ]]
		[ "${lines[-1]}" = two ]
	done
}

@test "exec has the container's AppArmor profile, or the one it is given" {
	needs_apparmor
	load_profiles
	config '.process.apparmorProfile = "coffer-test-one"'
	start_sleeper
	run rt exec "$ID" /bin/cat /proc/self/attr/current
	[ "$output" = "coffer-test-one (enforce)" ] || { echo "$output"; false; }
	run rt exec --apparmor coffer-test-two "$ID" /bin/cat /proc/self/attr/current
	[ "$output" = "coffer-test-two (enforce)" ] || { echo "$output"; false; }
	echo '{"args":["/bin/cat","/proc/self/attr/current"],"cwd":"/","env":["PATH=/bin"]}' >"$BATS_TEST_TMPDIR/process.json"
	run rt exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	[ "$output" = "coffer-test-one (enforce)" ] || { is crun && skip "crun's has none"; echo "$output"; false; }
}

@test "an AppArmor profile that is not loaded is refused by name" {
	needs_apparmor
	config '.process.apparmorProfile = "coffer-test-not-loaded"'
	args /bin/true
	run run_container
	refused 'coffer-test-not-loaded'
	! is coffer || [[ "$output" == *process.apparmorProfile* ]] || false
	nothing_left
}

@test "an AppArmor profile is set without any procfs of the container's" {
	needs_apparmor
	load_profiles
	config '.process.apparmorProfile = "coffer-test-one" | .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start_sleeper
	[ "$(cat "/proc/$(rt state "$ID" | jq .pid)/attr/current")" = "coffer-test-one (enforce)" ]
}

@test "unconfined is a profile that needs no AppArmor" {
	is crun runc && ! has_apparmor && skip "peers want AppArmor for it"
	config '.process.apparmorProfile = "unconfined"'
	args /bin/echo here
	run run_container
	[ "$output" = here ]
}

@test "an AppArmor profile where AppArmor is off is refused with its path" {
	has_apparmor && skip "AppArmor is on here"
	is crun && skip "crun runs without it"
	config '.process.apparmorProfile = "some-profile"'
	args /bin/true
	run run_container
	refused '[Aa]pp[Aa]rmor'
	! is coffer || [[ "$output" == *process.apparmorProfile* ]] || false
	nothing_left
	config 'del(.process.apparmorProfile)'
	start_sleeper
	run rt exec --apparmor some-profile "$ID" /bin/true
	refused '[Aa]pp[Aa]rmor'
}

# ---- SELinux -------------------------------------------------------------------------------------

# The root filesystem is the container's to use.
label_rootfs() {
	chcon -R -t container_file_t -l s0:c1,c2 "$BUNDLE/rootfs"
}

# What the kernel calls the label of process PID.
label_of() {
	tr -d '\0' <"/proc/$1/attr/current"
}

@test "the program has the SELinux label, exec has it, too, or the one it is given" {
	needs_selinux
	label_rootfs
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	start_sleeper
	[ "$(label_of "$(rt state "$ID" | jq .pid)")" = "$LABEL" ]
	rt exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	[ "$(label_of "$(cat "$BATS_TEST_TMPDIR/pid")")" = "$LABEL" ]
	local other=system_u:system_r:container_t:s0:c1,c2,c4
	chcon -R -l s0:c1,c2 "$BUNDLE/rootfs"
	rt exec --detach --process-label "$other" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	run label_of "$(cat "$BATS_TEST_TMPDIR/pid")"
	[ "$output" = "$other" ] || { echo "$output"; ausearch -m avc 2>/dev/null | tail -3; dmesg | grep -i avc | tail -3; false; }
}

@test "a program with a SELinux label cannot write what is not labelled for it" {
	needs_selinux
	[ "$(cat /sys/fs/selinux/enforce)" = 1 ] || skip "SELinux only watches here"
	label_rootfs
	mkdir "$BUNDLE/rootfs/tmp/other"
	chcon -t container_file_t -l s0:c8,c9 "$BUNDLE/rootfs/tmp/other"
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	sh_args 'echo x >/tmp/mine && echo written; echo x >/tmp/other/file || echo denied'
	run run_container
	[[ "$output" == *written*denied* ]] || { echo "$output"; false; }
}

@test "the container's session keyring has its SELinux label" {
	needs_selinux
	label_rootfs
	compile call.c "$BUNDLE/rootfs/bin/call"
	chcon -t container_file_t -l s0:c1,c2 "$BUNDLE/rootfs/bin/call"
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	args /bin/call 250 0 -3 0 # a keyring with another label could not be looked at
	run run_container
	[ "$output" = 0 ]
	[ -z "$(tr -d '\0' </proc/self/attr/keycreate)" ]
}

@test "a SELinux label that is none is refused by name" {
	has_selinux || skip "SELinux is off here"
	config '.process.selinuxLabel = "no:such:label:s0"'
	args /bin/true
	run run_container
	refused 'no:such:label:s0|selinuxLabel'
	nothing_left
}

@test "a SELinux label where SELinux is off is refused with its path" {
	has_selinux && skip "SELinux is on here"
	is crun && skip "crun runs without it"
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	args /bin/true
	run run_container
	refused '[Ss][Ee][Ll]inux'
	! is coffer || [[ "$output" == *process.selinuxLabel* ]] || false
	nothing_left
	config 'del(.process.selinuxLabel)'
	start_sleeper
	run rt exec --process-label system_u:system_r:container_t:s0 "$ID" /bin/true
	refused '[Ss][Ee][Ll]inux'
}
