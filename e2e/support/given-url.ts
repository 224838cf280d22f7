import { brokerServers, mysqlServers } from '../../chat-service/src/several-servers.js';

const SPLIT = { TEST_MYSQL_URL: mysqlServers, TEST_RABBITMQ_URL: brokerServers };

/**
 * The URL of a real server, which `npm test` starts and names; of several, which are nodes of one cluster
 * (`npm run test:cluster`). Without it a test fails instead of testing less.
 */
export function givenUrl(variable: keyof typeof SPLIT): string {
  const url = process.env[variable] ?? '';
  if (!SPLIT[variable](url).every((server) => URL.canParse(server))) {
    throw new Error(`${variable} is missing: run npm test, which starts the servers, or set it to the URL of one.`);
  }
  return url;
}
