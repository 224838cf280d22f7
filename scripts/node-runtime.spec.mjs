import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSupported } from './node-runtime.mjs';

test('takes the versions of Node that Angular takes, and no others', () => {
  const supported = ['v22.22.3', 'v22.23.0', 'v24.15.0', 'v24.21.0', 'v26.0.0', 'v27.1.0'];
  const refused = ['v18.20.0', 'v20.20.2', 'v22.22.2', 'v22.9.9', 'v23.11.0', 'v24.14.9', 'v25.3.0'];
  for (const version of supported) assert.equal(isSupported(version), true, version);
  for (const version of refused) assert.equal(isSupported(version), false, version);
});
