import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** One request, as its form said. */
export interface AutoScalingCall {
  readonly Action: string;
  readonly [parameter: string]: string;
}

/** An EC2 Auto Scaling endpoint with one group, `workers & co`, that every instance is in. */
export interface FakeAutoScaling extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly AutoScalingCall[];
  readonly authorizations: readonly string[];
  /** Answers every call with this status from now on; undefined ends it. */
  fail(status: number | undefined): void;
}

const GROUP = "workers &amp; co";
const hook = (name: string, transition: string, seconds: number): string =>
  `<member><AutoScalingGroupName>${GROUP}</AutoScalingGroupName><LifecycleHookName>${name}</LifecycleHookName><LifecycleTransition>autoscaling:EC2_INSTANCE_${transition}</LifecycleTransition><HeartbeatTimeout>${seconds}</HeartbeatTimeout></member>`;

/** What Auto Scaling answers to the calls it understands, without the response's metadata. */
const ANSWERS: Readonly<Record<string, string>> = {
  DescribeAutoScalingInstances: `<AutoScalingInstances><member><AutoScalingGroupName>${GROUP}</AutoScalingGroupName><LifecycleState>InService</LifecycleState></member></AutoScalingInstances>`,
  DescribeLifecycleHooks: `<LifecycleHooks>${hook("boot", "LAUNCHING", 60)}${hook("drain", "TERMINATING", 30)}</LifecycleHooks>`,
  RecordLifecycleActionHeartbeat: "",
  CompleteLifecycleAction: "",
  SetInstanceProtection: "",
};

/** Starts it on the loopback address. */
export async function startFakeAutoScaling(): Promise<FakeAutoScaling> {
  const calls: AutoScalingCall[] = [];
  const authorizations: string[] = [];
  let failing: number | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { Action = "", ...parameters } = Object.fromEntries(new URLSearchParams(await text(request)));
    calls.push({ Action, ...parameters });
    authorizations.push(request.headers.authorization ?? "");
    const result = ANSWERS[Action];
    const status = failing ?? (result === undefined ? 400 : 200);
    const body =
      status === 200
        ? `<${Action}Response><${Action}Result>${result ?? ""}</${Action}Result></${Action}Response>`
        : `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>not now</Message></Error></ErrorResponse>`;
    response.writeHead(status, { "content-type": "text/xml" }).end(body);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    calls,
    authorizations,
    fail: (status) => {
      failing = status;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
