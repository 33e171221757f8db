// Opens a page in Firefox, runs a script in it and prints the result, or writes a
// screenshot: node firefox.mjs BROWSER FOLDER PAGE SCRIPT [SCREENSHOT]. FOLDER has the
// modules.
import {createRequire} from "node:module";
const [program, folder, page, script, screenshot] = process.argv.slice(2);
const puppeteer = createRequire(folder + "/")("puppeteer-core");
const browser = await puppeteer.launch({browser: "firefox", executablePath: program, headless: true, protocolTimeout: 0});
try {
	const tab = await browser.newPage();
	await tab.setViewport({width: 1200, height: 900});
	await tab.goto(page);
	const result = await tab.evaluate(script);
	if (screenshot) await tab.screenshot({path: screenshot});
	process.stdout.write(JSON.stringify(result ?? null));
} finally {
	await browser.close();
}
