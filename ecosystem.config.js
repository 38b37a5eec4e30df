// PM2 7 under "type": "module" reads the named export `apps` and nothing else.
// The three times stand in a row: drainSeconds (600) < killTimeoutSeconds (630) < TimeoutStopSec of the systemd unit.
// systemd names the folder of LogsDirectory= so; without it PM2 keeps the logs in its home.
const { LOGS_DIRECTORY: logs } = process.env;
const killTimeoutSeconds = Number(process.env.LADDERD_KILL_TIMEOUT_SECONDS || 630);

export const apps = [
  {
    name: "ladderd",
    script: "dist/main.js",
    args: ["start"],
    // PM2 would take the first node on the PATH, which may be the system's and an old one.
    interpreter: process.execPath,
    cwd: import.meta.dirname,
    exec_mode: "fork",
    instances: 1,
    // With treekill PM2 sends SIGINT to ffmpeg in the same instant, which then ends a cut stream that looks whole.
    treekill: false,
    kill_timeout: killTimeoutSeconds * 1000,
    wait_ready: true,
    // When it passes PM2 takes the worker for ready all the same: /readyz is the truth.
    listen_timeout: 60_000,
    // From 1 s to 15 s: too slow for PM2's budget of 16 restarts in 16 s, after which it would give the worker up.
    exp_backoff_restart_delay: 1000,
    // Exit code 0 was asked for, by a signal or because the instance goes: nothing is started in its place.
    stop_exit_codes: [0],
    // No max_memory_restart: it measures Node alone and restarts in the middle of a job.
    // Lines are JSON with a time already.
    time: false,
    merge_logs: true,
    ...(logs ? { out_file: `${logs}/ladderd-out.log`, error_file: `${logs}/ladderd-error.log` } : {}),
    env: { NODE_ENV: "production" },
  },
];
