/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds a filter of the log and buttons that open or close all stacks. The page works without this. */
"use strict";
(() => {
	const lanes = document.querySelectorAll("#cpus details");
	const lines = document.querySelectorAll("#log .r");
	const parts = document.querySelectorAll("#log details");

	const openAtFirst = new Set([...parts].filter((part) => part.open));

	const make = (name, members) => Object.assign(document.createElement(name), members);

	const filter = (input, count) => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;

		for (const line of lines) {
			const text = line.textContent.toLowerCase();

			line.hidden = !words.every((word) => text.includes(word));
			shown += !line.hidden;
		}
		count.textContent = words.length ? ` ${shown} of ${lines.length} lines` : "";
		for (const part of parts)
			part.open = words.length ? part.querySelector(".r:not([hidden])") !== null : openAtFirst.has(part);
	};

	const addFilter = () => {
		const label = make("label", { textContent: "Only lines with " });
		const input = make("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: false });
		const count = make("span", { id: "matches", role: "status" });

		label.append(input);
		document.getElementById("log-filter").append(label, count);
		input.addEventListener("input", () => filter(input, count));
	};

	const openLanes = (open) => lanes.forEach((lane) => { lane.open = open; });

	const addButton = (text, open) => {
		const button = make("button", { type: "button", textContent: text });

		button.addEventListener("click", () => openLanes(open));
		document.getElementById("lane-buttons").append(button, " ");
	};

	if (lines.length)
		addFilter();
	if (lanes.length) {
		addButton("Open all", true);
		addButton("Close all", false);
	}
	window.addEventListener("beforeprint", () => openLanes(true));
})();
