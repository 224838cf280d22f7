/**
 * A reporter for Node's own test runner that writes what Jest would: one object with each file and its tests.
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} events
 */
export default async function* report(events) {
  /** @type {Map<string, { name: string, status: string, message: string, assertionResults: object[] }>} */
  const files = new Map();
  /** @type {Map<string, string>} what each file printed to stderr, where a file that does not load says why */
  const words = new Map();
  for await (const { type, data } of events) {
    if (type === 'test:stderr') words.set(data.file, `${words.get(data.file) ?? ''}${data.message}`);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.file === undefined || data.details.type === 'suite') continue;
    const file = files.get(data.file) ?? { name: data.file, status: 'passed', message: '', assertionResults: [] };
    files.set(data.file, file);
    const isSkipped = data.skip !== undefined || data.todo !== undefined;
    const status = isSkipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
    if (type === 'test:fail') file.status = 'failed';
    const error = type === 'test:fail' ? data.details.error : undefined;
    const cause = error?.cause instanceof Error ? error.cause : error;
    const failureMessages = cause === undefined ? [] : [cause.stack ?? String(cause)];
    if (failureMessages.length > 0) failureMessages.push(words.get(data.file) ?? '');
    file.assertionResults.push({ fullName: data.name, status, duration: data.details.duration_ms, failureMessages });
  }
  yield JSON.stringify({ testResults: [...files.values()] });
}
