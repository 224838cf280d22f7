import { Server, ServerCredentials } from '@grpc/grpc-js';

/** The baseline: grpc-js alone answers the bytes it was sent. Prints its port. */
const bytes = (/** @type {Buffer} */ message) => message;
const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  {
    Echo: {
      path: '/echo.Echo/Echo',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  },
  { Echo: (call, callback) => callback(null, call.request) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
process.on('SIGTERM', () => server.forceShutdown());
