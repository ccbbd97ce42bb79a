// Reads {"version": "5" | "4", "sources": [MJML, ...]} from stdin; writes [{"html", "errors", "milliseconds"}, ...].
// What the official MJML makes of each document, and what its validator says.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
// Version 4 talks on stdout, which is for our answer.
console.log = console.error;
const PACKAGES = { 5: 'mjml', 4: 'mjml4' };

async function render(mjml2html, source) {
  const begin = performance.now();
  try {
    const result = await mjml2html(source, { validationLevel: 'soft', keepComments: true });
    const errors = (result.errors ?? []).map((error) => error.formattedMessage ?? String(error));
    return { html: result.html, errors, milliseconds: performance.now() - begin };
  } catch (error) {
    return { html: '', errors: [String(error.message ?? error)], milliseconds: performance.now() - begin };
  }
}

let input = '';
for await (const piece of process.stdin) input += piece;
const { version, sources } = JSON.parse(input);
const loaded = require(PACKAGES[version]);
const rendered = [];
for (const source of sources) rendered.push(await render(loaded.default ?? loaded, source));
process.stdout.write(JSON.stringify(rendered));
