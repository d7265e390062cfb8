// The button of a page of paper.
"use strict";
document.getElementById("print").addEventListener("click", () => window.print());
