/** The URL of a real server, which `npm test` starts and names. Without it a test fails instead of testing less. */
export function givenUrl(variable: 'TEST_MYSQL_URL' | 'TEST_RABBITMQ_URL'): string {
  const url = process.env[variable] ?? '';
  if (!URL.canParse(url)) {
    throw new Error(`${variable} is missing: run npm test, which starts the servers, or set it to the URL of one.`);
  }
  return url;
}
