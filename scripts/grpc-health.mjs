import { connect } from 'node:http2';

/** An empty message as gRPC frames it: not compressed, zero bytes long. It asks about the whole server. */
const EMPTY = Buffer.alloc(5);
/** `HealthCheckResponse { status: SERVING }` */
const SERVING = Buffer.from([0x08, 0x01]);

/**
 * Whether a gRPC server answers SERVING by grpc.health.v1. Spoken by hand, since nothing else here needs gRPC.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isServing(host, port) {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const authority = reachable.includes(':') ? `[${reachable}]` : reachable;
  return new Promise((resolve) => {
    const session = connect(`http://${authority}:${port}`);
    const end = (/** @type {boolean} */ result) => {
      session.destroy();
      resolve(result);
    };
    session.setTimeout(2_000, () => end(false));
    session.on('error', () => end(false));
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    /** @type {Buffer[]} */
    const chunks = [];
    call.on('data', (chunk) => chunks.push(chunk));
    call.on('error', () => end(false));
    call.on('end', () => end(Buffer.concat(chunks).subarray(EMPTY.length).equals(SERVING)));
    call.end(EMPTY);
  });
}
