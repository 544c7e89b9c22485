// Light or dark: the system's choice until the button is pressed, then this browser's.

const KEY = "sd-worker-theme";

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

export function setUpTheme(button) {
  apply(localStorage.getItem(KEY));
  button.addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const theme = (document.documentElement.dataset.theme ?? system) === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, theme);
    apply(theme);
  });
}
