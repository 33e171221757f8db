// Feeds terminal output to xterm.js and prints the cells. A line of JSON in,
// {cols, rows, scrollback, steps: [{data: base64} | {cols, rows}]}, a line of
// JSON out. Run with NODE_PATH set to a node_modules that holds the packages.
'use strict';
const { Terminal } = require('@xterm/headless');
const { Unicode11Addon } = require('@xterm/addon-unicode11');

function color(isDefault, isRGB, value) {
  return isDefault ? 0 : (isRGB ? 2 : 1) * 0x1000000 + value;
}

// The numbers are those of vt.Attr.
function attributes(c) {
  const bits = [c.isBold(), c.isDim(), c.isItalic(), c.isBlink(), c.isInverse(),
    c.isInvisible(), c.isStrikethrough(), c.isOverline()];
  let attr = 0;
  bits.forEach((on, i) => { if (on) attr |= 1 << i; });
  // isUnderline() and getUnderlineStyle() say that every hyperlink is dashed;
  // what SGR asked for lies below them.
  if (c.fg & 0x10000000) attr |= ((c.extended._ext >>> 26 & 7) || 1) << 9;
  return attr;
}

function line(l, cols) {
  const cells = [];
  for (let x = 0; x < cols; x++) {
    const c = l.getCell(x);
    cells.push([c.getChars(), c.getWidth(),
      color(c.isFgDefault(), c.isFgRGB(), c.getFgColor()),
      color(c.isBgDefault(), c.isBgRGB(), c.getBgColor()),
      attributes(c)]);
  }
  return { wrapped: l.isWrapped, cells };
}

async function run(job) {
  const t = new Terminal({ cols: job.cols, rows: job.rows, scrollback: job.scrollback, allowProposedApi: true,
    windowOptions: { pushTitle: true, popTitle: true } });
  t.loadAddon(new Unicode11Addon());
  t.unicode.activeVersion = '11';
  let title = '';
  t.onTitleChange((s) => { title = s; });
  for (const step of job.steps) {
    if (step.cols) {
      t.resize(step.cols, step.rows);
    } else {
      await new Promise((done) => t.write(Buffer.from(step.data || '', 'base64'), done));
    }
  }
  const b = t.buffer.active;
  const out = { x: Math.min(b.cursorX, t.cols - 1), pending: b.cursorX >= t.cols, y: b.cursorY,
    alternate: b.type === 'alternate', title, scrollback: [], lines: [] };
  for (let y = 0; y < b.length; y++) {
    (y < b.baseY ? out.scrollback : out.lines).push(line(b.getLine(y), t.cols));
  }
  t.dispose();
  return out;
}

(async () => {
  const rl = require('readline').createInterface({ input: process.stdin });
  for await (const text of rl) {
    // Some resizes break it: then an exception comes out of a timer of its own.
    const crash = new Promise((done) => process.once('uncaughtException', () => done({ crashed: true })));
    const out = await Promise.race([run(JSON.parse(text)).catch(() => ({ crashed: true })), crash]);
    process.removeAllListeners('uncaughtException');
    process.stdout.write(JSON.stringify(out) + '\n');
  }
})();
