/** The part of a process that has a parent to tell. */
export interface Channel {
  readonly connected: boolean;
  send?(message: string): unknown;
}

/** Tells PM2 (`wait_ready`) that the worker receives; without a channel to a parent it does nothing. */
export function notifyReady(channel: Channel = process): void {
  if (channel.connected) channel.send?.("ready");
}
