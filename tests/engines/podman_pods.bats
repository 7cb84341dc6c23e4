#!/usr/bin/env bats
# podman as root: containers together, in pods, Kubernetes' objects and networks.
load podman

setup_file() {
	make_podman
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	leave_podman
}

# The pause image that podman makes needs catatonit; a busybox that sleeps does as well.
make_pod() {
	podman pod create --infra-image $IMAGE --infra-command 'sleep 1000' "$@"
}

@test "a pod shares its namespaces, is paused, restarted, stopped and removed as one" {
	make_pod --name p --network none --share pid,ipc,uts,net
	podman run -d --pod p --name a $IMAGE sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
	podman run -d --pod p --name b $IMAGE sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
	[ "$(podman exec a hostname)" = p ]
	local kind
	for kind in net ipc uts pid; do
		[ "$(podman exec a readlink /proc/self/ns/$kind)" = "$(podman exec b readlink /proc/self/ns/$kind)" ]
	done
	[ "$(podman exec a readlink /proc/self/ns/mnt)" != "$(podman exec b readlink /proc/self/ns/mnt)" ]
	run podman exec a ps
	says "sleep 1000"
	podman pod pause p
	[ "$(podman inspect a b --format '{{.State.Status}}' | tr '\n' ' ')" = "paused paused " ]
	podman pod unpause p
	podman pod restart p
	[ "$(podman inspect a b --format '{{.State.Status}}' | tr '\n' ' ')" = "running running " ]
	podman pod stop --time 2 p
	[ "$(podman inspect a b --format '{{.State.Status}}' | tr '\n' ' ')" = "exited exited " ]
	podman pod rm --force --time 0 p
}

@test "stopping a pod whose containers have ended already is no error" {
	make_pod --name gone --network none
	podman run -d --pod gone --name g $IMAGE true
	podman wait g
	podman pod stop --time 0 gone
	podman pod rm --force --time 0 gone
}

@test "a pod's limits bind its containers together" {
	needs_controllers memory
	make_pod --name l --network none --memory 32m
	run podman run --rm --pod l $IMAGE sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'
	[ "$status" != 0 ]
	podman pod rm --force --time 0 l
}

@test "kube play runs a Deployment's two replicas (contrib/kubernetes/deployment.yaml)" {
	needs_controllers memory cpu
	podman kube play --network none "$BATS_TEST_DIRNAME/../../contrib/kubernetes/deployment.yaml"
	run podman ps --filter name=sleepers --format '{{.Names}} {{.Status}}'
	says sleepers-pod-0-sleeper sleepers-pod-1-sleeper
	wait_until has_said sleepers-pod-0-sleeper ready
	wait_until has_said sleepers-pod-1-sleeper ready
	run podman exec sleepers-pod-1-sleeper grep -E 'CapEff|NoNewPrivs' /proc/self/status
	[[ "$output" =~ CapEff:.0000000000000000.*NoNewPrivs:.1 ]]
	podman kube down "$BATS_TEST_DIRNAME/../../contrib/kubernetes/deployment.yaml"
	[ -z "$(podman ps --all --quiet --filter name=sleepers)" ]
}

@test "kube play runs a Pod with two containers, its environment and volumes" {
	cat >pod.yaml <<-YAML
		apiVersion: v1
		kind: Pod
		metadata: {name: duo}
		spec:
		  restartPolicy: Never
		  volumes: [{name: shared, emptyDir: {}}]
		  containers:
		  - {name: writer, image: $IMAGE, command: [sh, -c, 'echo \$WORD >/data/word; sleep 1000'],
		     env: [{name: WORD, value: passed}], volumeMounts: [{name: shared, mountPath: /data}]}
		  - {name: reader, image: $IMAGE, command: [sh, -c, 'until cat /data/word; do sleep 0.1; done 2>/dev/null; sleep 1000'],
		     volumeMounts: [{name: shared, mountPath: /data}]}
	YAML
	podman kube play --network none pod.yaml
	wait_until has_said duo-reader passed
	podman kube down pod.yaml
	podman volume rm --force shared >/dev/null 2>&1 || true
}

@test "containers on a network of their own find and reach each other by name" {
	podman network create town
	podman run -d --name server --network town $IMAGE sh -c 'echo served >/tmp/x; while :; do nc -l -p 80 </tmp/x; done'
	run podman run --rm --network town $IMAGE sh -c 'for i in 1 2 3 4 5; do nc -w 2 server 80 </dev/null && break; sleep 0.2; done'
	ends 0
	says served
	podman rm --force --time 0 server
	podman network rm town
}

@test "published ports, the engine's bridge, and a container's network are reached" {
	podman run -d --name published -p 127.0.0.1:8080:80 $IMAGE sh -c 'echo ported >/tmp/x; while :; do nc -l -p 80 </tmp/x; done'
	wait_until has_answered
	run podman run --rm --network container:published $IMAGE sh -c 'nc -w 2 127.0.0.1 80 </dev/null'
	says ported
	podman rm --force --time 0 published
}

has_answered() {
	[ "$(in_room busybox nc -w 2 127.0.0.1 8080 </dev/null 2>&1)" = ported ]
}

@test "networks: the host's, slirp4netns', a namespace by path" {
	[ "$(podman run --rm --network host $IMAGE readlink /proc/self/ns/net)" = "$(in_room readlink /proc/self/ns/net)" ]
	run podman run --rm --network slirp4netns $IMAGE ip address
	ends 0
	says tap0
	in_room ip netns add other
	[ "$(podman run --rm --network ns:/run/netns/other $IMAGE stat -L -c %i /proc/self/ns/net)" = "$(in_room stat -L -c %i /run/netns/other)" ]
}
