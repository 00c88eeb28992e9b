#!/usr/bin/env bash
# A SLURM on loopback, for tests: cluster.sh start|stop DIR [two]. One node of two processors, or two of one, the second
# as a host of its own name (unshare --uts). Needs root and Debian's packages slurm-wlm and munge. After start: export
# SLURM_CONF=DIR/slurm.conf. Jobs of the partition high preempt those of low, which are queued again and begin
# anew after cred_expire seconds.
set -euo pipefail
action=$1 dir=$(realpath -m "$2")
if [ "$action" = stop ]; then
    for file in "$dir"/slurmd-*.pid "$dir"/{slurmctld,munged}.pid; do
        if [ -s "$file" ]; then kill "$(cat "$file")" 2>/dev/null || true; fi
    done
    exit 0
fi
mkdir -p "$dir"/{state,spool,log,munge}
head -c 1024 /dev/urandom >"$dir/munge/key"
chmod 400 "$dir/munge/key"
chmod 711 "$dir/munge"
munged --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/munge/seed" --force
host=$(hostname -s) port=${SLURMD_PORT:-26818} cpus=2 second=
if [ "${3:-}" = two ]; then
    cpus=1 second="NodeName=$host-2 NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 State=UNKNOWN"
fi
cat >"$dir/slurm.conf" <<C
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=8
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPort=${SLURMCTLD_PORT:-26817}
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmdSpoolDir=$dir/spool/%n
StateSaveLocation=$dir/state
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=3
MpiDefault=none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 Port=$port CPUs=$cpus State=UNKNOWN
$second
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10
C
export SLURM_CONF="$dir/slurm.conf"
slurmctld
slurmd
if [ -n "$second" ]; then
    { cat /etc/hosts && echo "127.0.0.1 $host-2"; } >"$dir/hosts"  # torchrun looks up its own name
    unshare --uts --mount sh -c "mount --bind $dir/hosts /etc/hosts && hostname $host-2 && slurmd"
fi
for _ in $(seq 100); do
    if ! sinfo --noheader --format %T 2>/dev/null | grep -v idle && sinfo --noheader; then exit 0; fi
    sleep 0.2
done
echo "the nodes did not become idle; see $dir/log" >&2
exit 1
