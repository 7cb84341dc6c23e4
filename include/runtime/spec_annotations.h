/* spec_annotations.h -- the annotations of config.json that change what coffer does: crun's and
 * runc's names, with their meanings there. `features` lists them as
 * potentiallyUnsafeConfigAnnotations (features.md): what lets a config.json's author have files
 * written and sockets connected is not to be taken from strangers. One that ends with "." is a
 * prefix. */
#ifndef RUNTIME_SPEC_ANNOTATIONS_H
#define RUNTIME_SPEC_ANNOTATIONS_H

#include "base/arena.h"
#include "base/text.h"

/* clang-format off */
#define ANNOTATION_CRIU_CONFIG      "org.criu.config"                 /* criu's configuration file */
#define ANNOTATION_SYSTEMD_PROPERTY "org.systemd.property."           /* of the container's unit */
#define ANNOTATION_DELEGATE         "run.oci.delegate-cgroup"         /* a cgroup below, handed over */
#define ANNOTATION_HOOKS_STDERR     "run.oci.hooks.stderr"            /* files for what hooks write */
#define ANNOTATION_HOOKS_STDOUT     "run.oci.hooks.stdout"
#define ANNOTATION_KEEP_GROUPS      "run.oci.keep_original_groups"    /* "1": no setgroups(2) */
#define ANNOTATION_MOUNT_CONTEXT    "run.oci.mount_context_type"      /* what mountLabel is set as */
#define ANNOTATION_PIDFD            "run.oci.pidfd_receiver"          /* as --pidfd-socket */
#define ANNOTATION_SECCOMP_RECEIVER "run.oci.seccomp.receiver"        /* the agent's socket */
#define ANNOTATION_SECCOMP_PROGRAM  "run.oci.seccomp_bpf_data"        /* instead of a profile */
#define ANNOTATION_SECCOMP_UNKNOWN  "run.oci.seccomp_fail_unknown_syscall"
#define ANNOTATION_SYSTEMD_V1       "run.oci.systemd.force_cgroup_v1" /* a name=systemd hierarchy */
#define ANNOTATION_SYSTEMD_SUBGROUP "run.oci.systemd.subgroup"        /* below the scope */
/* clang-format on */

/* All of them, sorted, NULL-terminated; tests/lint/annotations compares them with the code. */
extern const char *const spec_annotation_names[];

/* What crun hands to another program, where it was built so. coffer has none: the container's own
 * program is run, with a warning. */
#define ANNOTATION_HANDLER "run.oci.handler"
#define ANNOTATION_WASM    "module.wasm.image/variant"

#endif
