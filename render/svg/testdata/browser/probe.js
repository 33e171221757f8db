// Reads from the DOM what a picture shows. This is a function of the page that holds the
// picture: it returns the rows, by id, and the rows and the cursor at each of the times.
async function probe(root, times) {
	const elements = {};
	const frames = [];
	root.pauseAnimations();
	// Chromium does not always set the animated values at once, so a clock shows when they are.
	const clock = root.querySelector(".clock");
	for (const t of times) {
		root.setCurrentTime(t);
		for (let i = 0; Math.abs(clock.x.animVal.value - t) > 1e-3; i++) {
			if (i == 1000) throw new Error(`the time is ${clock.x.animVal.value}; want ${t}`);
			await new Promise(requestAnimationFrame);
		}
		const shown = [];
		// A row that never changes is there itself.
		root.querySelectorAll(".v > g[transform]").forEach((row, i) => {
			const id = "still " + i;
			elements[id] = row;
			const {e, f} = row.transform.baseVal[0].matrix;
			shown.push({cursor: false, id, x: e, y: f});
		});
		for (const use of root.querySelectorAll(".m use, .v > use")) {
			const id = use.href.animVal.slice(1);
			elements[id] = document.getElementById(id);
			shown.push({cursor: use.id != "", id, x: use.x.animVal.value, y: use.y.animVal.value});
		}
		frames.push(shown);
	}
	// What is in defs has no places, so copies are measured, in a picture of their own.
	const holder = root.cloneNode(false);
	const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
	group.id = root.id + ".probe";
	const copies = {};
	for (const [id, element] of Object.entries(elements)) {
		const copy = copies[id] = element.cloneNode(true);
		copy.removeAttribute("id");
		copy.removeAttribute("transform");
		group.append(copy);
	}
	holder.append(group);
	document.body.append(holder);
	const rows = {};
	for (const [id, copy] of Object.entries(copies)) {
		const row = rows[id] = {chars: [], backs: [], paths: []};
		for (const path of copy.querySelectorAll("path")) {
			const style = getComputedStyle(path);
			if (style.stroke != "none" && style.fill != "none") {
				let x = 0;
				for (const [, op, a] of path.getAttribute("d").matchAll(/([Mmh])(-?[\d.]+)(?:[ ]?(-?[\d.]+))?/g)) {
					if (op == "M") x = +a;
					else if (op == "m") x += +a;
					else { row.backs.push({from: x, to: x + +a, color: style.stroke}); x += +a; }
				}
			} else {
				row.paths.push({d: path.getAttribute("d"), fill: style.fill, stroke: style.stroke, opacity: +style.fillOpacity});
			}
		}
		for (const text of copy.querySelectorAll("text")) {
			let at = 0;
			const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
			for (let node; node = walk.nextNode();) {
				const style = getComputedStyle(node.parentElement);
				const link = node.parentElement.closest("a");
				for (const ch of node.data) {
					const box = text.getExtentOfChar(at);
					row.chars.push({
						text: ch, x: box.x, fill: style.fill, opacity: +style.fillOpacity, bold: +style.fontWeight >= 600,
						italic: style.fontStyle == "italic", link: link ? link.href.baseVal : "",
					});
					at += ch.length;
				}
			}
			if (text.getNumberOfChars() != at) throw new Error(`${id}: ${text.getNumberOfChars()} characters of ${at} are shown`);
		}
	}
	holder.remove();
	return {rows, frames};
}
