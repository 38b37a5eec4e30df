/** The part of EC2 Auto Scaling that a worker uses of its own instance. Every call may reject. */
export interface AutoScaling {
  /** The group an instance is in; undefined when it is in none. */
  groupOf(instanceId: string): Promise<string | undefined>;
  /** The hooks that hold a terminating instance of a group back. */
  terminationHooks(group: string): Promise<readonly TerminationHook[]>;
  /** Starts a hook's timeout anew. */
  heartbeat(action: LifecycleAction): Promise<void>;
  /** Lets the group go on with the termination. */
  complete(action: LifecycleAction): Promise<void>;
  /** Keeps scale-in from choosing an instance, or no longer. */
  protect(protection: { readonly group: string; readonly instanceId: string; readonly enabled: boolean }): Promise<void>;
}

export interface TerminationHook {
  readonly name: string;
  readonly timeoutSeconds: number;
}

/** What a hook waits for. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  readonly instanceId: string;
}
