"""Questions for exams: what one is made of, `asking`, and the bank, `questions`; tools/exam.py sets one."""
