import { Server } from "node:net";
import { startFauxqs } from "fauxqs";
import { fauxqsInput } from "./fauxqs-contract.ts";

const { storageDir, region, buckets, queue } = fauxqsInput.parse(JSON.parse(process.argv[2] ?? "null"));
const LOOPBACK = "127.0.0.1";

// fauxqs 2.4.1 listens on 0.0.0.0 and has no option for it; this process has no other server.
Server.prototype.listen = new Proxy(Server.prototype.listen, {
  apply: (listen, server, [options, ...rest]) => Reflect.apply(listen, server, [{ ...options, host: LOOPBACK }, ...rest]),
});

// Ctrl-C reaches the whole foreground group; the worker still needs the queue to give its message back.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit(0));

const server = await startFauxqs({ port: 0, logger: false, defaultRegion: region, s3StorageDir: storageDir });
const deadLetter = server.createQueue(queue.deadLetterName);
server.createQueue(queue.name, {
  attributes: {
    VisibilityTimeout: String(queue.visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetter.queueArn, maxReceiveCount: String(queue.maxReceiveCount) }),
  },
});
for (const bucket of buckets) server.createBucket(bucket);
process.send?.({ port: server.port });
