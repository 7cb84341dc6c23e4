# cgroups.bash -- where a container's limits are to be read, on v1, hybrid and v2 alike.
# shellcheck shell=bash

# cgroup_dir CONTROLLER: the container's own directory that has this controller; $CGROUP is its path.
cgroup_dir() {
	local directory
	for directory in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*,"$1" /sys/fs/cgroup/"$1",*; do
		[ -d "$directory" ] && grep -q " $directory " /proc/self/mountinfo || continue
		echo "$directory$CGROUP"
		return
	done
	echo "/sys/fs/cgroup$CGROUP"
}

# cgroup_file V1_CONTROLLER V1_FILE V2_FILE: the content of the container's own.
cgroup_file() {
	local directory
	directory=$(cgroup_dir "$1")
	cat "$directory/$2" 2>/dev/null || cat "$directory/$3"
}

# need_controller V1_NAME [V2_NAME]: is it there, in v1 or, on a pure v2 host, in v2?
need_controller() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		grep -qw "${2:-$1}" /sys/fs/cgroup/cgroup.controllers ||
			skip "no cgroup controller ${2:-$1} in v2"
	else
		awk -v c="$1" '$1 == c && $2 > 0 { found = 1 } END { exit !found }' /proc/cgroups ||
			skip "no cgroup controller $1"
	fi
}

# is_v2: is /sys/fs/cgroup the v2 tree?
is_v2() {
	[ -e /sys/fs/cgroup/cgroup.controllers ]
}
